#include "server/plan_acts.h"

#include <gtest/gtest.h>

namespace fb::server {
namespace {

using statement::ActKind;
using statement::SignedAct;

constexpr Instant kNow{1'721'362'140'000};

struct Said {
  ActKind kind = ActKind::approve;
  const char* who = "rita";
  int rollout = 0;
  Millis stands = hours(1);
  const char* gate = "";
};

SignedAct act(const Said& said, int number) {
  SignedAct out;
  out.act.kind = said.kind;
  out.act.person = *PersonId::parse(said.who);
  out.act.gate = said.gate;
  if (said.rollout != 0) out.act.rollout = *RolloutId::parse(said.rollout);
  out.act.expires = kNow + said.stands;
  out.envelope.payload = std::to_string(number);
  return out;
}

// Which of them devices get, as places in the list.
std::set<int> carried(const std::vector<Said>& all, const std::set<int>& lifted = {}) {
  std::vector<SignedAct> acts;
  for (std::size_t i = 0; i < all.size(); ++i) acts.push_back(act(all[i], static_cast<int>(i)));
  std::set<RolloutId> halts;
  for (const int each : lifted) halts.insert(*RolloutId::parse(each));
  std::set<int> out;
  for (const auto& envelope : acts_for_devices(acts, halts, kNow))
    out.insert(std::stoi(envelope.payload));
  return out;
}

using Places = std::set<int>;

TEST(ActsForDevices, AreWhatDevicesVerifyAndNoOrders) {
  EXPECT_EQ(carried({{ActKind::approve}, {ActKind::waive}}), (Places{0, 1}));
  for (const ActKind kind : {ActKind::start, ActKind::hold, ActKind::go_on, ActKind::accept,
                             ActKind::halt, ActKind::revert})
    EXPECT_EQ(carried({{kind, "rita", 7}}, {7}), Places{}) << word(kind);
}

TEST(ActsForDevices, AreOfEachPersonTheWordThatStandsLongest) {
  EXPECT_EQ(carried({{ActKind::approve, "rita", 0, hours(1)},
                     {ActKind::approve, "rita", 0, hours(3)},
                     {ActKind::approve, "rita", 0, hours(2)},
                     {ActKind::approve, "sven", 0, hours(1)}}),
            (Places{1, 3}));
  EXPECT_EQ(carried({{ActKind::waive, "rita", 0, hours(1), "contract"},
                     {ActKind::waive, "rita", 0, hours(1), "notes"}}),
            (Places{0, 1}))
      << "two gates are two words";
}

TEST(ActsForDevices, LeaveOutWhatHasExpiredAndResumesThatLiftedNothing) {
  EXPECT_EQ(carried({{ActKind::approve, "rita", 0, milliseconds(-1)},
                     {ActKind::approve, "sven", 0, milliseconds(0)}}),
            Places{1});
  EXPECT_EQ(carried({{ActKind::resume, "rita", 7},
                     {ActKind::resume, "sven", 7},
                     {ActKind::resume, "rita", 8},
                     {ActKind::resume, "rita", 9}},
                    {7, 9}),
            (Places{0, 1, 3}));
}

}  // namespace
}  // namespace fb::server

// Forged health (specification 2.0): harm that one tenant's devices alone report halts that tenant,
// and a second tenant's event halts all.
#include <gtest/gtest.h>

#include "rollout/step.h"

namespace fb::rollout {
namespace {

constexpr std::int64_t kFleet = 1'000;
constexpr Instant kNow{1'700'000'000'000};
const TenantId kAcme = *TenantId::parse("acme");
const TenantId kBank = *TenantId::parse("bank");

Result<Step> try_step(const State& state, const Event& event) { return step(state, event, kNow); }

State after(const State& state, const Event& event) {
  auto next = try_step(state, event);
  EXPECT_TRUE(next.ok()) << next.error().detail;
  return next.ok() ? std::move(next->next) : State{};
}

// Ten devices have it; eight places of a second wave are open.
State running() {
  const Parameters parameters =
      with_budget(defaults(Profile::production, Lane::standard, kFleet), kFleet, 30);
  State state = draft(parameters, kFleet).value();
  state = after(state, GateVerdict{GateVerdict::Verdict::open, {}});
  state = after(state, ApprovalsMet{"ada and grace"});
  state = after(state, Start{{{"linux", kFleet}}});
  state.served().limit_dispatched = 18;
  return after(state, Dispatched{0, Counted::inside, 10});
}

Tick tick(const State& state, std::optional<TenantId> only_tenant, std::int64_t harmed) {
  Tick tick;
  tick.counts.strata.resize(1);
  ChannelCounts& crashes = tick.counts.strata[0].channel[0];
  crashes.at_risk[0] = 10;
  crashes.events[0] = harmed;
  crashes.bad_below.fill(harmed);
  crashes.control = crashes.control_for_bound = 500;
  tick.counts.tally = {.exposed = 10, .failed_explicit = harmed, .harmed = harmed, .control = 990};
  tick.remaining = kFleet - state.dispatched();
  tick.only_tenant = std::move(only_tenant);
  return tick;
}

State held_for_acme() { return after(running(), tick(running(), kAcme, 8)); }

template <class E>
const E* find(const std::vector<Effect>& effects) {
  for (const Effect& effect : effects) {
    if (const auto* found = std::get_if<E>(&effect.what)) return found;
  }
  return nullptr;
}

TEST(OneTenantsHarm, SendsThatTenantBackAndHoldsTheOthers) {
  const auto next = try_step(running(), tick(running(), kAcme, 8));
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(next->next.phase, Phase::held);
  EXPECT_EQ(next->next.held_by, HeldBy::tenant);
  EXPECT_EQ(next->next.tenant_halt, (TenantHalt{kAcme, kNow}));
  EXPECT_FALSE(next->next.permits_open()) << "nor is anybody let in who comes late";
  EXPECT_EQ(next->next.open_places(), 0);
  EXPECT_EQ(next->next.limit_dispatched(), 10) << "the open wave is closed, too";
  ASSERT_NE(find<RevertTenant>(next->effects), nullptr);
  EXPECT_EQ(find<RevertTenant>(next->effects)->tenant, kAcme);
  EXPECT_EQ(find<OrderRevert>(next->effects), nullptr) << "nobody else goes back";
  EXPECT_EQ(find<BlockDigest>(next->effects), nullptr) << "nor is it blocked for all";
  EXPECT_NE(find<PublishPlan>(next->effects), nullptr);
}

TEST(OneTenantsHarm, PagesAndOpensAnIncidentInWordsThatNameTheTenant) {
  const auto next = try_step(running(), tick(running(), kAcme, 8));
  ASSERT_TRUE(next.ok());
  const auto* page = find<Notify>(next->effects);
  ASSERT_NE(page, nullptr);
  EXPECT_EQ(page->occasion, Occasion::tenant_halted);
  EXPECT_EQ(page->urgency, Notify::Urgency::page);
  EXPECT_EQ(page->text.rfind("HOLD: harm at tenant acme alone: 8 of 10 updated machines failed; "
                             "0 expected from the 990 not updated. Evidence ",
                             0),
            0U)
      << page->text;
  EXPECT_EQ(find<OpenIncident>(next->effects)->text, page->text);
}

TEST(OneTenantsHarm, IsToldToDevicesWithoutTheTenantsName) {
  const auto next = try_step(running(), tick(running(), kAcme, 8));
  ASSERT_TRUE(next.ok());
  const std::string told = find<DenyPermits>(next->effects)->reason;
  EXPECT_EQ(told, sentence_for_devices(next->next));
  EXPECT_EQ(told.find("acme"), std::string::npos) << told;
  EXPECT_EQ(told.rfind("HOLD: harm at one tenant alone", 0), 0U) << told;
  const State state = running();
  EXPECT_EQ(sentence_for_devices(state), sentence(state));
}

TEST(OneTenantsHarm, ThatSeveralReportOrNobodyCanTellApartHaltsAll) {
  EXPECT_EQ(after(running(), tick(running(), std::nullopt, 8)).phase, Phase::halted);
}

TEST(OneTenantsHarm, BelowTheEvidenceOfAHaltSendsNobodyBack) {
  const auto next = try_step(running(), tick(running(), kAcme, 2));
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(next->next.held_by, HeldBy::engine) << next->next.evidence.global();
  EXPECT_EQ(find<RevertTenant>(next->effects), nullptr);
}

TEST(OneTenantsHarm, FollowedByAnEventOfASecondTenantHaltsAllAtOnce) {
  for (const auto& whose : {std::optional<TenantId>(), std::optional<TenantId>(kBank)}) {
    Tick second = tick(held_for_acme(), whose, 0);
    for (const bool frozen : {false, true}) {
      second.counts.frozen = frozen;
      const auto next = try_step(held_for_acme(), second);
      ASSERT_TRUE(next.ok());
      EXPECT_EQ(next->next.phase, Phase::halted) << "frozen " << frozen;
      EXPECT_NE(find<OrderRevert>(next->effects), nullptr);
      EXPECT_NE(find<BlockDigest>(next->effects), nullptr);
      EXPECT_NE(next->reason.find("a second tenant"), std::string::npos) << next->reason;
      EXPECT_EQ(next->next.tenant_halt->tenant, kAcme) << "its own halt stays on record";
    }
  }
}

TEST(OneTenantsHarm, StaysHeldHoweverGoodAllLaterTicksAre) {
  State state = held_for_acme();
  for (int i = 0; i < 1'000; ++i) {
    Tick good = tick(state, kAcme, 0);
    good.counts.strata[0].channel[0].control_events = 5;
    good.counts.strata[0].resolved.fill(10);
    good.counts.frozen = i % 7 == 0;
    state = after(state, good);
    ASSERT_EQ(state.held_by, HeldBy::tenant);
  }
  EXPECT_LT(state.evidence.global(), 10) << "no evidence is left, and it does not matter";
  EXPECT_EQ(state.open_places(), 0);
  EXPECT_EQ(try_step(state, Dispatched{0}).error().code, ErrorCode::conflict);
}

TEST(OneTenantsHarm, IsContinuedByNobodyAndTheRefusalSaysWhatIsPossible) {
  for (const State& state :
       {held_for_acme(), after(held_for_acme(), OperatorHold{"ada", "let us look"})}) {
    const auto next = try_step(state, OperatorContinue{"ada", "it is their own driver"});
    ASSERT_FALSE(next.ok());
    EXPECT_EQ(next.error().code, ErrorCode::conflict);
    for (const char* word : {"tenant acme", "Halt it", "resume", "half of alpha", "unblocks"})
      EXPECT_NE(next.error().detail.find(word), std::string::npos) << next.error().detail;
  }
}

TEST(OneTenantsHarm, MayBeHeldOrHaltedByAPersonAndNothingLoosensIt) {
  const State held = after(held_for_acme(), OperatorHold{"ada", "let us look"});
  EXPECT_EQ(held.held_by, HeldBy::tenant) << "stricter than a person's hold";
  EXPECT_EQ(held.open_places(), 0);
  const auto halted = try_step(held_for_acme(), OperatorHalt{"ada", "all of it"});
  ASSERT_TRUE(halted.ok());
  EXPECT_EQ(halted->next.phase, Phase::halted);
  EXPECT_NE(find<OrderRevert>(halted->effects), nullptr);
  EXPECT_FALSE(try_step(held_for_acme(), RevertBegun{}).ok());
  EXPECT_FALSE(try_step(held_for_acme(), AllReverted{}).ok());
}

TEST(OneTenantsHarm, ClosesThePlaceOfAPermitThatComesBack) {
  EXPECT_EQ(after(held_for_acme(), HandedBack{0}).limit_dispatched(), 9);
}

TEST(OneTenantsHarm, CountsAfterCompletionToo) {
  State state = running();
  state.phase = Phase::completed;
  EXPECT_EQ(after(state, tick(state, kAcme, 8)).held_by, HeldBy::tenant);
}

TEST(OneTenantsHarm, IsStoredAndReadBackBitForBit) {
  for (const State& state : {held_for_acme(), after(held_for_acme(), OperatorHalt{"ada", "all"})}) {
    const auto again = decode_state(json::parse(json::compact(encode(state))).value());
    ASSERT_TRUE(again.ok()) << again.error().detail;
    EXPECT_TRUE(*again == state);
    EXPECT_TRUE(after(*again, tick(state, kAcme, 1)) == after(state, tick(state, kAcme, 1)));
  }
}

TEST(OneTenantsHarm, IsNotReadFromAStateThatDoesNotSayWhose) {
  json::Value bad = encode(held_for_acme());
  bad.erase("tenant_halt");
  const auto read = decode_state(bad);
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.error().detail.find("tenant_halt"), std::string::npos) << read.error().detail;
}

// Stored by a server from before there was such a thing.
TEST(OneTenantsHarm, IsUnknownToAnOldStateThatIsStillRead) {
  const json::Value old = encode(running());
  EXPECT_FALSE(old.contains("tenant_halt"));
  EXPECT_TRUE(decode_state(old).ok());
}

}  // namespace
}  // namespace fb::rollout

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "crypto/signer_test.h"
#include "round_trip.h"
#include "statement/envelope.h"
#include "statement/evidence.h"
#include "statement/people.h"

namespace {

void try_act(std::string_view payload) {
  const auto act = fb::statement::decode_act(payload);
  if (!act.ok()) return;
  fb::fuzz::check_round_trip(*act, fb::statement::decode_act);
}

void try_evidence(std::string_view payload) {
  const auto evidence = fb::statement::decode_evidence(payload);
  if (!evidence.ok()) return;
  fb::fuzz::check_round_trip(*evidence, fb::statement::decode_evidence);
}

// As if somebody we know had signed it: only then is it read.
void try_signed(std::string_view payload) {
  static const fb::crypto::TestSigner kSecurity("security");
  static const fb::statement::People kPeople{
      {{*fb::PersonId::parse("security"), {}, {{kSecurity.key().id(), kSecurity.key()}}}}};
  constexpr fb::Instant kNow{1'721'365'740'000};
  const auto act = fb::statement::seal(fb::statement::kPersonType, std::string(payload), kSecurity);
  if (!act.ok()) return;
  if (const auto told = fb::statement::verify_act(*act, kPeople, kNow); told.ok())
    FB_CHECK(told->act.person == kPeople.people[0].id && kNow <= told->act.expires);
  const auto found =
      fb::statement::seal(fb::statement::kInTotoType, std::string(payload), kSecurity);
  if (!found.ok()) return;
  if (const auto told = fb::statement::verify_evidence(*found, kPeople); told.ok())
    FB_CHECK(told->person == kPeople.people[0].id);
}

}  // namespace

// The input is an act or evidence, or an envelope whose payload may be one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try_act(bytes);
  try_evidence(bytes);
  try_signed(bytes);
  const auto envelope = fb::statement::parse_envelope(bytes);
  if (!envelope.ok()) return 0;
  const auto again = fb::statement::decode_envelope(encode(*envelope));
  FB_CHECK(again.ok());
  FB_CHECK(again->payload == envelope->payload);
  FB_CHECK(!fb::statement::open(*envelope, envelope->type, {}).ok());
  FB_CHECK(!fb::statement::verify_act(*envelope, {}, {}).ok());
  FB_CHECK(!fb::statement::verify_evidence(*envelope, {}).ok());
  try_act(envelope->payload);
  try_evidence(envelope->payload);
  return 0;
}

// One sample of every format, built from our own types: what the golden files in test/data/golden
// must say.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "audit/entry.h"
#include "incident/record.h"
#include "json/json.h"
#include "policy/customer.h"
#include "policy/key_rotation.h"
#include "release/manifest.h"
#include "release/mark.h"
#include "statement/evidence.h"
#include "statement/inventory.h"
#include "statement/log_trust.h"
#include "statement/people.h"
#include "statement/plan.h"
#include "statement/revocation.h"
#include "statement/speed.h"
#include "wire/device_api.h"
#include "wire/problem.h"

namespace fb::golden {

struct Golden {
  std::string file;
  std::string text;  // what our encoder says of the sample
  std::function<Result<std::string>(const std::string&)> again;  // decode, then encode
};

template <class Decode>
std::function<Result<std::string>(const std::string&)> round(Decode decode) {
  return [decode](const std::string& text) -> Result<std::string> {
    const auto decoded = decode(text);
    if (!decoded.ok()) return decoded.error();
    return encode(*decoded);
  };
}

inline const Digest kRelease = *Digest::from_hex(std::string(64, 'a'));
inline const Digest kOther = *Digest::from_hex(std::string(64, 'b'));
inline const ComponentId kChannel = *ComponentId::parse("sensor.channel");
inline const ComponentId kEngine = *ComponentId::parse("sensor.engine");
inline const DeviceId kDevice = *DeviceId::parse("0123456789abcdef0123456789abcdef");
inline const TenantId kTenant = *TenantId::parse("hospital");
inline const RolloutId kRollout = *RolloutId::parse(7);
inline const Instant kThen = *parse_rfc3339("2024-07-19T04:09:00Z");
inline const std::string kNonce(32, 'c');

inline release::Contract contract() {
  return {"7.11",
          kChannel,
          {{"ipc", std::vector<std::string>(20, "string")}, {"file", {"string", "integer"}}},
          1048576,
          4096};
}

inline release::Manifest content_manifest() {
  release::Manifest m;
  m.component = kChannel;
  m.kind = release::Kind::content;
  m.version = "291";
  m.cls = release::Class::feature;
  m.author = *PersonId::parse("author");
  m.created = kThen;
  m.artifacts = {{"channel.bin", 40960, kOther, false}};
  m.notes = {"Detects named-pipe abuse.", "New attacks seen in the field.", "Low: one rule.",
             "Devices go back to 290."};
  m.health = {seconds(900), 1, 3};
  m.reader = kEngine;
  m.needs = release::Needs{{{"ipc", {1, 2, 21}}}, 40960};
  return m;
}

inline release::Manifest late_manifest() {
  release::Manifest m = content_manifest();
  m.health.longest_fault_delay = hours(26);
  return m;
}

inline release::Manifest core_manifest() {
  release::Manifest m = content_manifest();
  m.component = kEngine;
  m.kind = release::Kind::core;
  m.version = "7.11";
  m.artifacts = {{"sensor", 1048576, kOther, true}};
  m.reader.reset();
  m.needs.reset();
  m.contract = contract();
  m.definition = release::Definition{
      "sensor",
      {"{slot}/sensor", "--channel", "{slot:sensor.channel}/channel.bin"},
      {"{slot}/sensor", "--probe", "{run}/status.json"},
      {{kChannel, {"{slot}/sensor", "--check", "--channel", "{candidate}/channel.bin"}}}};
  return m;
}

inline statement::Envelope envelope(std::string_view type) {
  return {std::string(type), "{}", {{std::string(64, '0'), "signature"}}};
}

inline statement::Plan plan() {
  return {kRollout,
          kChannel,
          release::Kind::content,
          release::Class::feature,
          "content/sensor.channel/291.manifest.json",
          kRelease,
          statement::Lane::fast,
          {statement::Ring::broad},
          statement::PlanState::running,
          kThen,
          {envelope(statement::kPersonType)},
          {}};
}

inline statement::Plan plan_halted_for_a_tenant() {
  statement::Plan halted = plan();
  halted.halted_tenants = {statement::tenant_mark(kRelease, kTenant)};
  return halted;
}

inline statement::Permit permit() {
  return {kDevice,
          kRollout,
          kRelease,
          kNonce,
          statement::Purpose::start,
          kThen,
          seconds(60),
          {12,
           encode(audit::Entry{12, kThen, "release", {{"release", kRelease.text()}}}),
           "log.example/firebreak\n14\nu7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7s=\n\n"
           "\xE2\x80\x94 log.example/firebreak AAAAAHNpZ25hdHVyZQ==\n",
           {kOther},
           {kOther, kRelease}}};
}

inline statement::LogTrust log_trust() {
  const auto key = crypto::ed25519_key(std::string(32, 'k'));
  return {"log.example/firebreak",
          {{key.id(), key}},
          {{"witness.example/w", crypto::ed25519_key(std::string(32, 'w'))}}};
}

inline statement::Act act() {
  statement::Act a;
  a.kind = statement::ActKind::waive;
  a.person = *PersonId::parse("security");
  a.release = kRelease;
  a.gate = "contract";
  a.reason = "The vendor asked for it at four in the morning.";
  a.issued = kThen;
  a.expires = kThen + hours(4);
  a.nonce = kNonce;
  return a;
}

inline statement::Act start_act() {
  statement::Act a = act();
  a.kind = statement::ActKind::start;
  a.person = *PersonId::parse("operator");
  a.borrow = {*RolloutId::parse(1), *RolloutId::parse(3)};
  a.reason = "Forty machines in one hall.";
  return a;
}

inline statement::Evidence evidence() {
  return {{"channel.bin", kOther},
          statement::OpenPgpSignature{
              "-----BEGIN PGP SIGNATURE-----\n"
              "\n"
              "iHUEABYIAB0WIQRcZx96o9UtrWBDJfaFOmJnvP7VtAUCawdGIAAKCRCFOmJnvP7V\n"
              "tPpDAP9BeR3G46HhYcSDE/lYfe11XNtIKycsk2YRJ1UEzcoTzAD/ZDpje/z3N9oN\n"
              "3Dshl+9EBHUIR67Un6Zd0w1G87SqaQs=\n"
              "=CBc1\n"
              "-----END PGP SIGNATURE-----\n",
              "5C671F7AA3D52DAD604325F6853A6267BCFED5B4", "gpgv (GnuPG) 2.2.40"}};
}

inline policy::Policy customer_policy() {
  return {kTenant,
          3,
          kThen,
          policy::OnHalt::revert,
          {{"quarter-end", "*", policy::Freeze{kThen, kThen + days(3)}, {}, {}},
           {"a-day-late", "sensor.channel", {}, hours(24), {}},
           {"pinned-engine", "sensor.engine", {}, {}, "7.11"},
           {"two-eyes",
            "sensor.*",
            {},
            {},
            {},
            {statement::Role::reviewer, statement::Role::customer}}}};
}

inline wire::CheckIn check_in() {
  return {12,
          "2f1c0f8e-0000-4000-8000-000000000000",
          4,
          hours(5),
          1,
          3,
          {{kChannel, "290", kOther, kRelease, false,
            "hospital's rule quarter-end: frozen until 2024-07-22T04:09:00Z", "staged"}},
          {{wire::EventKind::staged, kChannel, kRelease, 7, "fetched and verified", kThen}}};
}

inline incident::Incident incident_record() {
  return {kRollout,
          kChannel,
          "291",
          kRelease,
          kThen,
          "HALT: 10 of 10 updated machines crashed.",
          {"linux amd64"},
          10,
          60,
          {{kThen, "Rollout 7 started."},
           {kThen + seconds(2), "HALTED: 10 of 10 updated machines crashed."}}};
}

inline std::string encode_contract_text(const release::Contract& c) {
  return json::pretty(release::encode(c));
}

inline Result<std::string> contract_again(const std::string& text) {
  FB_ASSIGN(const auto value, json::parse(text));
  FB_ASSIGN(const auto decoded, release::decode_contract(value));
  return encode_contract_text(decoded);
}

inline std::vector<statement::Blocked> blocked() {
  return {{kRelease, kRollout, kThen, "halted"},
          {kOther,
           kRollout,
           kThen,
           "harm at one tenant alone",
           {statement::tenant_mark(kOther, kTenant)}}};
}

inline std::vector<Golden> all() {
  const wire::Enrolment enrolment{
      kTenant, "enrolment-token", kOther, statement::Ring::broad, "linux", "amd64"};
  const wire::CheckInReply reply{
      kThen, minutes(5), 1, 3, 2, "{}", {{kRollout, kChannel, kRelease, true}}};
  const wire::PermitAsk ask{kRollout, kRelease, kNonce, statement::Purpose::start, 9};
  const wire::PermitReply granted{envelope(statement::kPermitType), {}};
  const wire::PermitReply denied{
      {}, wire::Denial{"halted", "HALT: 10 of 10 updated machines crashed.", seconds(1)}};
  const wire::Problem problem =
      wire::problem(Error{ErrorCode::bad_signature, "1 valid signatures of 2 needed"});
  const statement::Revocations revocations{
      {{kRelease, kThen, "reads beyond its input"}},
      {{kChannel, "290", kThen, "289 can be made to run code"}},
      {{kOther, kRollout, kThen, "the halt was a power cut"}}};
  const statement::SpeedLimits speed{{{release::Kind::content,
                                       release::Class::feature,
                                       {{{0}, 10'000}, {minutes(15), 1'000'000}}}}};
  return {
      {"manifest.json", encode(content_manifest()), round(release::decode_manifest)},
      {"manifest-late.json", encode(late_manifest()), round(release::decode_manifest)},
      {"manifest-core.json", encode(core_manifest()), round(release::decode_manifest)},
      {"contract.json", encode_contract_text(contract()), contract_again},
      {"plan.json", encode(plan()), round(statement::decode_plan)},
      {"plan-tenant.json", encode(plan_halted_for_a_tenant()), round(statement::decode_plan)},
      {"blocked.json", statement::encode(blocked()),
       [](const std::string& text) -> Result<std::string> {
         FB_ASSIGN(const auto list, statement::decode_blocked(text));
         return statement::encode(list);
       }},
      {"revoked.json", encode(revocations), round(statement::decode_revocations)},
      {"released.json", json::pretty(encode(release::ReleasedMark{kThen})),
       [](const std::string& text) -> Result<std::string> {
         FB_ASSIGN(const json::Value custom, json::parse(text));
         FB_ASSIGN(const auto mark, release::find_mark(custom));
         if (!mark) return Error{ErrorCode::malformed, "no mark"};
         return json::pretty(encode(*mark));
       }},
      {"permit.json", encode(permit()), round(statement::decode_permit)},
      {"act.json", encode(act()), round(statement::decode_act)},
      {"act-start.json", encode(start_act()), round(statement::decode_act)},
      {"evidence.json", encode(evidence()), round(statement::decode_evidence)},
      {"limits.json", encode(speed), round(statement::decode_limits)},
      {"log.json", encode(log_trust()), round(statement::decode_log_trust)},
      {"inventory.json", encode(statement::Inventory{kThen, 60, {{kEngine, "7.11", kOther, 60}}}),
       round(statement::decode_inventory)},
      {"policy.json", encode(customer_policy()), round(policy::decode_policy)},
      {"policy-key.json",
       encode(policy::KeyRotation{kTenant, 2, kThen, crypto::ed25519_key(std::string(32, 'k'))}),
       round(policy::decode_key_rotation)},
      {"entry.json", encode(audit::Entry{41, kThen, "dispatch", {{"rollout", 7}}}),
       round(audit::decode_entry)},
      {"enrolment.json", encode(enrolment), round(wire::decode_enrolment)},
      {"enrolment-reply.json", encode(wire::EnrolmentReply{kDevice, kThen}),
       round(wire::decode_enrolment_reply)},
      {"check-in.json", encode(check_in()), round(wire::decode_check_in)},
      {"check-in-reply.json", encode(reply), round(wire::decode_check_in_reply)},
      {"permit-ask.json", encode(ask), round(wire::decode_permit_ask)},
      {"permit-reply.json", encode(granted), round(wire::decode_permit_reply)},
      {"permit-denied.json", encode(denied), round(wire::decode_permit_reply)},
      {"incident.json", encode(incident_record()), round(incident::decode_incident)},
      {"problem.json", encode(problem),
       [](const std::string& text) -> Result<std::string> {
         return wire::encode(wire::problem(wire::to_error(422, text)));
       }},
  };
}

}  // namespace fb::golden

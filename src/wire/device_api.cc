#include "wire/device_api.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "json/reader.h"

namespace fb::wire {
namespace {

constexpr std::size_t kComponents = 64;
constexpr std::size_t kSentence = 1024;
constexpr std::int64_t kBig = std::int64_t{1} << 53U;

const std::vector<std::pair<std::string_view, EventKind>> kEventWords{
    {"staged", EventKind::staged},
    {"refused", EventKind::refused},
    {"deferred", EventKind::deferred},
    {"tasted", EventKind::tasted},
    {"install_failed", EventKind::install_failed},
    {"handed_back", EventKind::handed_back},
    {"activated", EventKind::activated},
    {"healthy", EventKind::healthy},
    {"crashed", EventKind::crashed},
    {"probe_failed", EventKind::probe_failed},
    {"boot_loop", EventKind::boot_loop},
    {"rolled_back", EventKind::rolled_back},
    {"reverted_on_halt", EventKind::reverted_on_halt}};

RolloutId read_rollout(json::Reader& in, std::string_view key) {
  const auto id = RolloutId::parse(in.integer(key, 0, 2'147'483'647));
  if (id.ok()) return *id;
  in.fail(key, id.error().detail);
  return {};
}

ComponentReport read_component(json::Reader& in) {
  ComponentReport report;
  report.component = in.id<ComponentId>("component");
  report.version = in.string("version", 64);
  if (in.has("active")) report.active = in.digest("active");
  if (in.has("staged")) report.staged = in.digest("staged");
  report.ready = in.boolean("ready");
  report.waiting = in.string("waiting", kSentence);
  report.state = in.string("state", 64);
  return report;
}

DeviceEvent read_event(json::Reader& in) {
  DeviceEvent event;
  event.kind = in.word("kind", kEventWords);
  event.component = in.id<ComponentId>("component");
  event.release = in.digest("release");
  event.rollout = static_cast<std::int32_t>(in.integer("rollout", 0, 2'147'483'647));
  event.detail = in.string("detail", kSentence);
  event.at = in.instant("at");
  return event;
}

json::Value write_component(const ComponentReport& report) {
  json::Value value{{"component", report.component.text()},
                    {"version", report.version},
                    {"ready", report.ready},
                    {"waiting", report.waiting},
                    {"state", report.state}};
  if (report.active) value["active"] = report.active->text();
  if (report.staged) value["staged"] = report.staged->text();
  return value;
}

json::Value write_event(const DeviceEvent& event) {
  return {{"kind", word(event.kind)},
          {"component", event.component.text()},
          {"release", event.release.text()},
          {"rollout", event.rollout},
          {"detail", event.detail.substr(0, kSentence)},
          {"at", to_rfc3339(event.at)}};
}

}  // namespace

std::string_view word(EventKind kind) {
  const auto it = std::find_if(kEventWords.begin(), kEventWords.end(),
                               [&](const auto& pair) { return pair.second == kind; });
  FB_CHECK(it != kEventWords.end());
  return it->first;
}

bool is_harm(EventKind kind) {
  switch (kind) {
    case EventKind::crashed:
    case EventKind::probe_failed:
    case EventKind::boot_loop:
    case EventKind::rolled_back: return true;
    case EventKind::staged:
    case EventKind::refused:
    case EventKind::deferred:
    case EventKind::tasted:
    case EventKind::install_failed:
    case EventKind::handed_back:
    case EventKind::activated:
    case EventKind::healthy:
    case EventKind::reverted_on_halt: return false;
  }
  FB_CHECK(false);
}

std::string encode(const Enrolment& value) {
  return json::compact({{"format", "firebreak.enrolment/1"},
                        {"tenant", value.tenant.text()},
                        {"enrolment_token", value.enrolment_token},
                        {"token_hash", value.token_hash.text()},
                        {"ring", word(value.ring)},
                        {"os", value.os},
                        {"arch", value.arch}});
}

Result<Enrolment> decode_enrolment(std::string_view bytes) {
  FB_ASSIGN(const json::Value value, json::parse(bytes));
  json::Reader in(value, "enrolment");
  in.literal("format", "firebreak.enrolment/1");
  Enrolment out{in.id<TenantId>("tenant"), in.string("enrolment_token", 256),
                in.digest("token_hash"),   in.word("ring", statement::ring_words()),
                in.string("os", 64),       in.string("arch", 64)};
  FB_TRY(in.done());
  return out;
}

std::string encode(const EnrolmentReply& value) {
  return json::compact({{"format", "firebreak.enrolment-reply/1"},
                        {"device", value.device.text()},
                        {"issued", to_rfc3339(value.issued)}});
}

Result<EnrolmentReply> decode_enrolment_reply(std::string_view bytes) {
  FB_ASSIGN(const json::Value value, json::parse(bytes));
  json::Reader in(value, "enrolment reply");
  in.literal("format", "firebreak.enrolment-reply/1");
  EnrolmentReply out{in.id<DeviceId>("device"), in.instant("issued")};
  FB_TRY(in.done());
  return out;
}

std::string encode(const CheckIn& value) {
  json::Value components = json::Value::array();
  for (const auto& each : value.components) components.push_back(write_component(each));
  json::Value events = json::Value::array();
  for (const auto& each : value.events) events.push_back(write_event(each));
  return json::compact({{"format", "firebreak.check-in/1"},
                        {"sequence", value.sequence},
                        {"boot_id", value.boot_id},
                        {"boot_count", value.boot_count},
                        {"uptime_ms", value.uptime.ms},
                        {"root_version", value.root_version},
                        {"policy_version", value.policy_version},
                        {"components", std::move(components)},
                        {"events", std::move(events)}});
}

Result<CheckIn> decode_check_in(std::string_view bytes) {
  FB_ASSIGN(const json::Value value,
            json::parse(bytes, {limits::kDeviceBodyBytes, limits::kJsonDepth}));
  json::Reader in(value, "check-in");
  in.literal("format", "firebreak.check-in/1");
  CheckIn out;
  out.sequence = static_cast<std::uint64_t>(in.integer("sequence", 0, kBig));
  out.boot_id = in.string("boot_id", 64);
  out.boot_count = in.integer("boot_count", 0, kBig);
  out.uptime = in.millis("uptime_ms", {0}, {kBig});
  out.root_version = in.integer("root_version", 0, kBig);
  out.policy_version = in.integer("policy_version", 0, kBig);
  in.objects("components", kComponents,
             [&](json::Reader& each) { out.components.push_back(read_component(each)); });
  in.objects("events", limits::kEventsPerCheckIn,
             [&](json::Reader& each) { out.events.push_back(read_event(each)); });
  if (!in.failed() && (out.sequence == 0) != out.events.empty()) {
    in.fail("sequence", "0 without events, and above 0 with them, is expected");
  }
  FB_TRY(in.done());
  return out;
}

std::string encode(const CheckInReply& value) {
  json::Value offers = json::Value::array();
  for (const Offer& offer : value.offers) {
    offers.push_back({{"rollout", offer.rollout.number()},
                      {"component", offer.component.text()},
                      {"release", offer.release.text()},
                      {"ask", offer.ask}});
  }
  return json::compact({{"format", "firebreak.check-in-reply/1"},
                        {"issued", to_rfc3339(value.issued)},
                        {"next_ms", value.next.ms},
                        {"root_version", value.root_version},
                        {"policy_version", value.policy_version},
                        {"policy_key_version", value.policy_key_version},
                        {"timestamp", value.timestamp},
                        {"offers", std::move(offers)}});
}

Result<CheckInReply> decode_check_in_reply(std::string_view bytes) {
  FB_ASSIGN(const json::Value value, json::parse(bytes));
  json::Reader in(value, "check-in reply");
  in.literal("format", "firebreak.check-in-reply/1");
  CheckInReply out;
  out.issued = in.instant("issued");
  out.next = in.millis("next_ms", kShortestPause, days(7));
  out.root_version = in.integer("root_version", 0, kBig);
  out.policy_version = in.integer("policy_version", 0, kBig);
  out.policy_key_version = in.integer("policy_key_version", 0, kBig);
  out.timestamp = in.string("timestamp", limits::kTimestampBytes);
  in.objects("offers", kComponents, [&](json::Reader& each) {
    out.offers.push_back({read_rollout(each, "rollout"), each.id<ComponentId>("component"),
                          each.digest("release"), each.boolean("ask")});
  });
  FB_TRY(in.done());
  return out;
}

std::string encode(const PermitAsk& value) {
  return json::compact({{"format", "firebreak.permit-ask/1"},
                        {"rollout", value.rollout.number()},
                        {"release", value.release.text()},
                        {"nonce", value.nonce},
                        {"purpose", word(value.purpose)},
                        {"log_size", value.log_size}});
}

Result<PermitAsk> decode_permit_ask(std::string_view bytes) {
  FB_ASSIGN(const json::Value value, json::parse(bytes));
  json::Reader in(value, "permit ask");
  in.literal("format", "firebreak.permit-ask/1");
  PermitAsk out{read_rollout(in, "rollout"), in.digest("release"), in.string("nonce", 64),
                in.word("purpose", statement::purpose_words()),
                static_cast<std::uint64_t>(in.integer("log_size", 0, kBig))};
  if (!in.failed() && out.nonce.size() != 32) in.fail("nonce", "32 hex digits are expected");
  FB_TRY(in.done());
  return out;
}

std::string encode(const PermitReply& value) {
  FB_CHECK(value.permit.has_value() != value.denied.has_value());
  json::Value out{{"format", "firebreak.permit-reply/1"}};
  if (value.permit) out["permit"] = statement::encode(*value.permit);
  if (value.denied) {
    out["denied"] = {{"rule", value.denied->rule},
                     {"detail", value.denied->detail},
                     {"retry_ms", value.denied->retry.ms}};
  }
  return json::compact(out);
}

Result<PermitReply> decode_permit_reply(std::string_view bytes) {
  FB_ASSIGN(const json::Value value, json::parse(bytes));
  json::Reader in(value, "permit reply");
  in.literal("format", "firebreak.permit-reply/1");
  PermitReply out;
  if (in.has("permit")) {
    auto envelope = statement::decode_envelope(in.raw("permit"));
    if (envelope.ok())
      out.permit = std::move(envelope).value();
    else
      in.fail("permit", envelope.error().detail);
  }
  if (in.has("denied")) {
    json::Reader denied = in.object("denied");
    out.denied = Denial{denied.string("rule", 64), denied.string("detail", kSentence),
                        denied.millis("retry_ms", {0}, days(7))};
  }
  if (!in.failed() && out.permit.has_value() == out.denied.has_value())
    in.fail("", "either permit or denied is expected");
  FB_TRY(in.done());
  return out;
}

}  // namespace fb::wire

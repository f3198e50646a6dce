#include "server/notices.h"

#include "base/limits.h"
#include "json/reader.h"

namespace fb::server {
namespace {

constexpr const char* kNoticeSpace = "notice";

// Twenty digits, so that the store's byte order is the order of numbers.
std::string key_of(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(20 - digits.size(), '0') + digits;
}

}  // namespace

std::string encode(const Notice& notice) {
  json::Value value{{"id", notice.number},           {"event", notice.event},
                    {"component", notice.component}, {"version", notice.version},
                    {"reason", notice.reason},       {"at", to_rfc3339(notice.at)}};
  if (notice.rollout.number() > 0) value["rollout"] = notice.rollout.number();
  return json::compact(value);
}

Result<Notice> decode_notice(const std::string& text) {
  FB_ASSIGN(const auto value, json::parse(text));
  json::Reader in(value, "notice");
  Notice notice;
  notice.number = static_cast<std::uint64_t>(in.integer("id", 1, INT64_MAX));
  notice.event = in.string("event");
  notice.component = in.string("component");
  notice.version = in.string("version");
  notice.reason = in.string("reason", limits::kTextBytes);
  notice.at = in.instant("at");
  const auto rollout =
      RolloutId::parse(in.has("rollout") ? in.integer("rollout", 1, INT32_MAX) : 1);
  FB_TRY(in.done());
  FB_TRY(rollout);
  if (in.has("rollout")) notice.rollout = *rollout;
  return notice;
}

Status Notices::load(port::Store& store) {
  return store.scan(kNoticeSpace, "",
                    [&](const std::string& key, const std::string& text) -> Status {
                      auto notice = decode_notice(text);
                      if (!notice.ok()) return notice.error().in("notice " + key);
                      last_ = notice->number;
                      waiting_.emplace(last_, std::move(notice).value());
                      return {};
                    });
}

void Notices::add(Notice& notice, Transaction& tx) {
  notice.number = ++last_;
  tx.put(kNoticeSpace, key_of(notice.number), encode(notice));
  waiting_.emplace(notice.number, notice);
  while (waiting_.size() > limits::kNotices) settle(waiting_.begin()->first, tx);
}

void Notices::settle(std::uint64_t number, Transaction& tx) {
  if (waiting_.erase(number) > 0) tx.remove(kNoticeSpace, key_of(number));
}

}  // namespace fb::server

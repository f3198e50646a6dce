#include "publisher/log_check.h"

#include "base/limits.h"
#include "json/reader.h"
#include "publisher/fields.h"
#include "publisher/home.h"
#include "publisher/trust.h"
#include "statement/plan.h"

namespace fb::publisher {
namespace {

// A million entries of half a KiB; a file on a disk, or one page of the server's.
constexpr std::size_t kLogBytes = 1U << 30U;
constexpr std::size_t kPageEntries = 1000;

Outcome fault(std::uint64_t index, const std::string& sentence) {
  return {Answer::no,
          "the log is NOT intact: " + sentence + "\n",
          {{"intact", false}, {"first_bad", index}, {"because", sentence}}};
}

Result<statement::Head> open_head(const LogCopy& log, const crypto::KeyMap& keys) {
  statement::Signers signers{keys, {}, 1};
  for (const auto& [id, key] : keys) signers.authorized.insert(id);
  FB_ASSIGN(const std::string payload, statement::open(log.head, statement::kHeadType, signers));
  return statement::decode_head(payload);
}

std::optional<Outcome> compare_with_head(const audit::Tip& tip, const statement::Head& head) {
  if (tip.size < head.size) {
    return fault(tip.size, "the signed head counts " + std::to_string(head.size) +
                               " entries, and entry " + std::to_string(tip.size) + " is missing");
  }
  if (tip.size == head.size && tip.hash == head.hash) return std::nullopt;
  const std::uint64_t last = head.size == 0 ? 0 : head.size - 1;
  if (tip.size > head.size)
    return fault(head.size, "entry " + std::to_string(head.size) + " is beyond the signed head");
  return fault(last, "entry " + std::to_string(last) +
                         " is not the one that the signed head names (expected hash " +
                         head.hash.text() + ", found " + tip.hash.text() + ")");
}

Outcome intact(const audit::Tip& tip, const statement::Head& head) {
  return {Answer::yes,
          "the log is intact: " + std::to_string(tip.size) + " entries, head " + tip.hash.brief() +
              " signed " + to_rfc3339(head.issued) + "\n",
          {{"intact", true},
           {"entries", tip.size},
           {"hash", tip.hash.text()},
           {"signed", to_rfc3339(head.issued)}}};
}

std::optional<audit::Tip> last_seen(port::Files& home) {
  const auto bytes = home.read(std::string(kLogTip), 4096);
  if (!bytes.ok()) return std::nullopt;
  const auto value = json::parse(*bytes);
  if (!value.ok()) return std::nullopt;
  const auto hash = Digest::parse(text_of(*value, "hash"));
  if (!hash.ok()) return std::nullopt;
  return audit::Tip{static_cast<std::uint64_t>(count_of(*value, "entries")), *hash};
}

Status remember(port::Files& home, const Outcome& outcome) {
  if (outcome.answer == Answer::no) return {};
  return home.write_atomic(std::string(kLogTip),
                           json::pretty({{"entries", outcome.document.at("entries")},
                                         {"hash", outcome.document.at("hash")}}));
}

Result<crypto::KeyMap> trusted_log_keys(Desk& desk, const Result<tuf::TrustedSet>& trusted) {
  if (!trusted.ok()) return trusted.error();
  FB_ASSIGN(const std::string bytes, trusted_file(desk, *trusted, statement::kLogKeysPath));
  return statement::decode_log_keys(bytes);
}

Result<Outcome> check_file(Desk& desk, const std::string& bytes) {
  FB_ASSIGN(const auto keys, trusted_log_keys(desk, cached_trust(desk.home)));
  FB_ASSIGN(const json::Value value, json::parse(bytes, {.bytes = kLogBytes}));
  FB_ASSIGN(const LogCopy log, decode_log(value));
  return verify_log(log, keys, std::nullopt);
}

}  // namespace

Result<LogCopy> decode_log(const json::Value& value) {
  json::Reader in(value, "log");
  LogCopy log;
  log.entries = in.strings("entries", std::size_t{1} << 32U, limits::kJsonBytes);
  const json::Value& head = in.raw("head");
  FB_TRY(in.done(json::UnknownFields::keep));
  FB_ASSIGN(log.head, statement::decode_envelope(head));
  return log;
}

json::Value encode(const LogCopy& log) {
  return {{"entries", log.entries}, {"head", statement::encode(log.head)}};
}

Outcome verify_log(const LogCopy& log, const crypto::KeyMap& log_keys,
                   const std::optional<audit::Tip>& seen) {
  const auto head = open_head(log, log_keys);
  audit::Tip tip;
  for (const std::string& entry : log.entries) {
    const auto next = audit::verify(tip, entry);
    if (!next.ok()) return fault(tip.size, next.error().detail);
    tip = *next;
    if (seen && tip.size == seen->size && tip.hash != seen->hash) {
      return fault(tip.size - 1,
                   "entry " + std::to_string(tip.size - 1) +
                       " or one before it was rewritten since it was last verified here");
    }
  }
  if (!head.ok())
    return fault(tip.size, "its head is not signed by the log's key: " + head.error().detail);
  if (auto difference = compare_with_head(tip, *head)) return *difference;
  if (seen && tip.size < seen->size) {
    return fault(tip.size, "entry " + std::to_string(tip.size) + " was removed; " +
                               std::to_string(seen->size) + " were verified here before");
  }
  return intact(tip, *head);
}

Result<LogCopy> fetch_log(ServerClient& server) {
  LogCopy all;
  while (true) {
    FB_ASSIGN(const json::Value answer,
              server.get("/api/v1/log?from=" + std::to_string(all.entries.size()) +
                         "&limit=" + std::to_string(kPageEntries)));
    FB_ASSIGN(LogCopy page, decode_log(answer));
    all.head = std::move(page.head);
    all.entries.insert(all.entries.end(), page.entries.begin(), page.entries.end());
    if (page.entries.size() < kPageEntries) return all;
  }
}

Result<Outcome> check_log(Desk& desk, const std::optional<std::string>& file) {
  if (file) return check_file(desk, *file);
  FB_ASSIGN(const auto keys, trusted_log_keys(desk, refresh_trust(desk)));
  FB_ASSIGN(const LogCopy log, fetch_log(desk.server));
  Outcome outcome = verify_log(log, keys, last_seen(desk.home));
  FB_TRY(remember(desk.home, outcome));
  return outcome;
}

Result<std::string> save_log(Desk& desk) {
  FB_ASSIGN(const LogCopy log, fetch_log(desk.server));
  return json::pretty(encode(log));
}

}  // namespace fb::publisher

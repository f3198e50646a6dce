#include "publisher/log_check.h"

#include "audit/proved.h"
#include "base/limits.h"
#include "json/reader.h"
#include "publisher/fields.h"
#include "publisher/home.h"

namespace fb::publisher {
namespace {

// A million entries of half a KiB; a file on a disk.
constexpr std::size_t kLogBytes = 1U << 30U;
constexpr std::string_view kProofFormat = "firebreak.proof/1";

Outcome broken(const audit::Walk::Fault& fault) {
  return {Answer::no,
          "the log is NOT intact: " + fault.sentence + "\n",
          {{"intact", false}, {"first_bad", fault.entry}, {"because", fault.sentence}}};
}

Outcome refused(const Error& error) {
  return {Answer::no,
          "the log is NOT intact: " + error.detail + "\n",
          {{"intact", false}, {"because", error.detail}}};
}

std::string witnessed(const audit::Checkpoint& checkpoint) {
  if (checkpoint.witnesses == 0) return "";
  return ", seen by " + std::to_string(checkpoint.witnesses) +
         (checkpoint.witnesses == 1 ? " witness" : " witnesses");
}

Outcome intact(const audit::Checkpoint& checkpoint) {
  return {Answer::yes,
          "the log is intact: " + std::to_string(checkpoint.tip.size) + " entries, root " +
              checkpoint.tip.root.brief() + witnessed(checkpoint) + "\n",
          {{"intact", true},
           {"entries", checkpoint.tip.size},
           {"root", checkpoint.tip.root.text()},
           {"witnesses", checkpoint.witnesses},
           {"checkpoint", checkpoint.note}}};
}

std::optional<audit::Tip> last_seen(port::Files& home, const statement::LogTrust& trust) {
  const auto bytes = home.read(std::string(kLogCheckpoint), limits::kNoteBytes);
  if (!bytes.ok()) return std::nullopt;
  const auto checkpoint = audit::open_checkpoint(*bytes, trust);
  return checkpoint.ok() ? std::optional(checkpoint->tip) : std::nullopt;
}

// A fault of the log's is an answer; what could not be fetched is an error.
Result<std::optional<audit::Walk::Fault>> walk_served(LogSource& source, audit::Walk& walk,
                                                      std::uint64_t size) {
  using Found = std::optional<audit::Walk::Fault>;
  std::optional<audit::Walk::Fault> fault;
  const Error enough{ErrorCode::mismatch, "fault found"};
  const Status read = source.read(
      size, [&](const std::vector<std::string>& entries, const audit::Tile& hashes) -> Status {
        fault = walk.take(entries, hashes.hashes());
        if (fault) return enough;
        return {};
      });
  if (fault) return Found(fault);
  FB_TRY(read);
  for (const audit::TileName& name : walk.upper_tiles()) {
    FB_ASSIGN(const audit::Tile tile, source.hashes(name));
    if (walk.compare(name.id, tile.bytes())) break;
  }
  return Found(walk.finish());
}

Result<Outcome> verify_proof(const json::Value& value, const statement::LogTrust& trust) {
  json::Reader in(value, "proof");
  in.literal("format", kProofFormat);
  const audit::ProvedEntry proved = audit::read_proved(in);
  const std::string note = in.string("checkpoint", limits::kNoteBytes);
  FB_TRY(in.done());
  const auto checkpoint = audit::open_checkpoint(note, trust);
  if (!checkpoint.ok()) return refused(checkpoint.error());
  const auto entry = audit::open_proved(proved, checkpoint->tip);
  const std::string name = "entry " + std::to_string(proved.index);
  if (!entry.ok()) return broken({proved.index, name + ": " + entry.error().detail});
  return Outcome{Answer::yes,
                 name + " (" + entry->kind + ", " + to_rfc3339(entry->at) + ") is in the log of " +
                     std::to_string(checkpoint->tip.size) + " entries\n",
                 {{"proved", true}, {"index", proved.index}, {"kind", entry->kind}}};
}

audit::Hashes decode_hashes(json::Reader& in, std::string_view key) {
  audit::Hashes hashes;
  for (const std::string& text : in.strings(key, std::size_t{1} << 32U, 80)) {
    const auto hash = Digest::parse(text);
    if (!hash.ok())
      in.fail(key, hash.error().detail);
    else
      hashes.push_back(*hash);
  }
  return hashes;
}

}  // namespace

Result<LogCopy> decode_log(const json::Value& value) {
  json::Reader in(value, "log");
  in.literal("format", "firebreak.log-copy/1");
  LogCopy log;
  log.checkpoint = in.string("checkpoint", limits::kNoteBytes);
  log.entries = in.strings("entries", std::size_t{1} << 32U, limits::kLogEntryBytes);
  log.hashes = decode_hashes(in, "hashes");
  FB_TRY(in.done());
  return log;
}

json::Value encode(const LogCopy& log) {
  json::Value hashes = json::Value::array();
  for (const Digest& hash : log.hashes) hashes.push_back(hash.text());
  return {{"format", "firebreak.log-copy/1"},
          {"checkpoint", log.checkpoint},
          {"entries", log.entries},
          {"hashes", std::move(hashes)}};
}

Outcome verify_copy(const LogCopy& log, const statement::LogTrust& trust) {
  const auto checkpoint = audit::open_checkpoint(log.checkpoint, trust);
  if (!checkpoint.ok()) return refused(checkpoint.error());
  audit::Walk walk(checkpoint->tip);
  if (const auto& fault = walk.take(log.entries, log.hashes)) return broken(*fault);
  if (const auto& fault = walk.finish()) return broken(*fault);
  return intact(*checkpoint);
}

Result<Outcome> verify_served(Desk& desk) {
  FB_ASSIGN(const auto trust, log_trust(desk));
  LogSource source(desk.server, trust);
  const auto checkpoint = source.checkpoint();
  const bool wrong = !checkpoint.ok() && checkpoint.error().code == ErrorCode::bad_signature;
  if (wrong) return refused(checkpoint.error());
  if (!checkpoint.ok()) return checkpoint.error();
  audit::Walk walk(checkpoint->tip, last_seen(desk.home, trust));
  FB_ASSIGN(const auto fault, walk_served(source, walk, checkpoint->tip.size));
  if (fault) return broken(*fault);
  FB_TRY(desk.home.write_atomic(std::string(kLogCheckpoint), checkpoint->note));
  return intact(*checkpoint);
}

Result<Outcome> verify_saved(Desk& desk, const std::string& bytes) {
  FB_ASSIGN(const auto trust, cached_log_trust(desk));
  FB_ASSIGN(const json::Value value, json::parse(bytes, {.bytes = kLogBytes}));
  if (text_of(value, "format") == kProofFormat) return verify_proof(value, trust);
  FB_ASSIGN(const LogCopy log, decode_log(value));
  return verify_copy(log, trust);
}

Result<LogCopy> fetch_log(LogSource& source) {
  FB_ASSIGN(const auto checkpoint, source.checkpoint());
  LogCopy copy{{}, {}, checkpoint.note};
  FB_TRY(source.read(
      checkpoint.tip.size,
      [&](const std::vector<std::string>& entries, const audit::Tile& tile) -> Status {
        copy.entries.insert(copy.entries.end(), entries.begin(), entries.end());
        copy.hashes.insert(copy.hashes.end(), tile.hashes().begin(), tile.hashes().end());
        return {};
      }));
  return copy;
}

Result<std::string> save_log(Desk& desk) {
  FB_ASSIGN(auto trust, log_trust(desk));
  LogSource source(desk.server, std::move(trust));
  FB_ASSIGN(const LogCopy log, fetch_log(source));
  return json::pretty(encode(log));
}

Result<Outcome> prove_entry(Desk& desk, std::uint64_t index) {
  FB_ASSIGN(auto trust, log_trust(desk));
  LogSource source(desk.server, std::move(trust));
  FB_ASSIGN(const auto checkpoint, source.checkpoint());
  const std::uint64_t size = checkpoint.tip.size;
  if (index >= size) {
    return Error{ErrorCode::not_found,
                 "no entry " + std::to_string(index) + "; the log has " + std::to_string(size)};
  }
  const audit::TileId bundle{0, index / audit::kTileWidth};
  FB_ASSIGN(const auto entries,
            source.entries({audit::TileKind::entries, bundle, audit::width_of(bundle, size)}));
  audit::ProvedEntry proved{index, entries.at(index % audit::kTileWidth), {}};
  FB_ASSIGN(proved.inclusion, audit::prove_inclusion(index, size, source.nodes(size)));
  FB_ASSIGN(const auto entry, audit::open_proved(proved, checkpoint.tip)
                                  .in("the server's log, at entry " + std::to_string(index)));
  json::Value document = audit::encode(proved);
  document["format"] = kProofFormat;
  document["checkpoint"] = checkpoint.note;
  return Outcome{Answer::yes,
                 "entry " + std::to_string(index) + " (" + entry.kind + ", " +
                     to_rfc3339(entry.at) + ") is in the log of " + std::to_string(size) +
                     " entries: " + std::to_string(proved.inclusion.size()) +
                     " hashes lead to root " + checkpoint.tip.root.brief() + "\n",
                 std::move(document)};
}

Result<Outcome> prove_release(Desk& desk, const Digest& release) {
  FB_ASSIGN(const auto view, desk.server.get("/api/v1/releases/" + escaped(release.text())));
  return prove_entry(desk, static_cast<std::uint64_t>(count_of(view, "log_entry")));
}

}  // namespace fb::publisher

// Reader: decodes one JSON object of our formats, strictly, with errors that name the place.
//
// Ask for fields in any order; the first problem sticks and later answers are harmless defaults, so
// a codec reads like the format it decodes and checks once, at the end. done() also refuses fields
// that nobody asked for and suggests the near one. Sub-readers share the problem of the reader that
// made them.
//
//   Result<Window> decode_window(const json::Value& value) {
//     json::Reader in(value, "window");
//     Window w{.from = in.instant("from"), .days = in.integer("days", 1, 366)};
//     FB_TRY(in.done());
//     return w;
//   }
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "json/json.h"

namespace fb::json {

enum class UnknownFields : std::uint8_t { refuse, keep };

class Reader {
 public:
  // `value` must outlive the reader. `where` opens every message: "permit.nonce: …".
  Reader(const Value& value, std::string where);

  [[nodiscard]] bool has(std::string_view key) const;

  // Each marks `key` as known. Missing or of the wrong type: a problem.
  std::string string(std::string_view key, std::size_t max_bytes = 4096);
  std::int64_t integer(std::string_view key, std::int64_t min, std::int64_t max);
  bool boolean(std::string_view key);
  Instant instant(std::string_view key);
  Millis millis(std::string_view key, Millis min,
                Millis max);  // integer milliseconds, key ends in _ms
  Digest digest(std::string_view key);
  std::string base64(std::string_view key, std::size_t max_bytes);  // decoded
  template <class Id>
  Id id(std::string_view key) {
    return parsed<Id>(key, string(key, 256));
  }
  // One of a closed set of words.
  template <class E>
  E word(std::string_view key, const std::vector<std::pair<std::string_view, E>>& words);
  // Must be present and equal; for "format": "firebreak.manifest/1".
  void literal(std::string_view key, std::string_view expected);

  Reader object(std::string_view key);
  // Calls `each` with a reader for every element, which must be objects; its done() is called for
  // you.
  void objects(std::string_view key, std::size_t max_count,
               const std::function<void(Reader&)>& each);
  // The members of the object at `key` whose values are objects, in key order; done() is called for
  // you.
  void members(std::string_view key, std::size_t max_count,
               const std::function<void(const std::string&, Reader&)>& each);
  std::vector<std::string> strings(std::string_view key, std::size_t max_count,
                                   std::size_t max_bytes = 4096);
  std::vector<std::int64_t> integers(std::string_view key, std::size_t max_count, std::int64_t min,
                                     std::int64_t max);
  // The raw value, for formats inside formats. Null value when missing (and a problem).
  const Value& raw(std::string_view key);

  // Records a problem at `key` unless there is one already.
  void fail(std::string_view key, std::string_view problem);
  [[nodiscard]] bool failed() const;
  [[nodiscard]] std::string path(std::string_view key) const;

  // The first problem of the whole document, or unknown fields in any of its objects. Errors:
  // malformed.
  Status done(UnknownFields unknown = UnknownFields::refuse);

 private:
  struct Node {  // one object being read
    const Value* value;
    std::string where;
    std::set<std::string, std::less<>> known = {};
    std::set<std::string, std::less<>> asked =
        {};  // by has(): a name to suggest, and known once read
  };
  struct Document {
    std::optional<Error> problem;
    std::deque<Node> nodes;
  };
  Reader(const Value& value, std::string where, std::shared_ptr<Document> document);
  void refuse_unknown(const Node& node);
  const Value* find(std::string_view key);
  template <class Id>
  Id parsed(std::string_view key, const std::string& text) {
    if (failed()) return {};
    auto id = Id::parse(text);
    if (id.ok()) return std::move(id).value();
    fail(key, id.error().detail);
    return {};
  }

  std::shared_ptr<Document> document_;
  Node* node_;
};

template <class E>
E Reader::word(std::string_view key, const std::vector<std::pair<std::string_view, E>>& words) {
  const std::string text = string(key, 64);
  std::string legal;
  for (const auto& [word, meaning] : words) {
    if (word == text) return meaning;
    legal += (legal.empty() ? "" : ", ") + std::string(word);
  }
  fail(key, "'" + text + "' is none of: " + legal);
  return words.front().second;
}

// The word of `words` nearest to `text` (edit distance at most 3), for "did you mean"; empty when
// none is near.
std::string nearest(std::string_view text, const std::vector<std::string>& words);

}  // namespace fb::json

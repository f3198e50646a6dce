#include "json/reader.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/bytes.h"

namespace fb::json {
namespace {

const Value kNull;

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

bool integer_within(const Value& value, std::int64_t min, std::int64_t max) {
  if (!value.is_number_integer()) return false;
  constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > kLargest) return false;
  const auto number = value.get<std::int64_t>();
  return number >= min && number <= max;
}

}  // namespace

std::string nearest(std::string_view text, const std::vector<std::string>& words) {
  std::string best;
  std::size_t least = 4;
  for (const std::string& word : words) {
    const std::size_t distance = edit_distance(text, word);
    if (distance < least && distance < word.size()) {
      least = distance;
      best = word;
    }
  }
  return best;
}

Reader::Reader(const Value& value, std::string where)
    : Reader(value, std::move(where), std::make_shared<Document>()) {}

Reader::Reader(const Value& value, std::string where, std::shared_ptr<Document> document)
    : document_(std::move(document)),
      node_(&document_->nodes.emplace_back(Node{&value, std::move(where), {}})) {
  if (!value.is_object()) fail("", "an object is expected here");
}

bool Reader::has(std::string_view key) const {
  node_->asked.emplace(key);
  return node_->value->is_object() && node_->value->contains(key);
}

const Value* Reader::find(std::string_view key) {
  node_->known.emplace(key);
  if (failed()) return nullptr;
  if (const auto it = node_->value->find(key); it != node_->value->end()) return &*it;
  fail(key, "is missing");
  return nullptr;
}

std::string Reader::string(std::string_view key, std::size_t max_bytes) {
  const Value* found = find(key);
  if (found == nullptr) return {};
  if (!found->is_string()) {
    fail(key, "a string is expected");
    return {};
  }
  const auto& text = found->get_ref<const std::string&>();
  if (text.size() <= max_bytes) return text;
  fail(key, std::to_string(text.size()) + " bytes; at most " + std::to_string(max_bytes));
  return {};
}

std::int64_t Reader::integer(std::string_view key, std::int64_t min, std::int64_t max) {
  const Value* found = find(key);
  if (found == nullptr) return min;
  if (!integer_within(*found, min, max)) {
    fail(key,
         "an integer from " + std::to_string(min) + " to " + std::to_string(max) + " is expected");
    return min;
  }
  return found->get<std::int64_t>();
}

bool Reader::boolean(std::string_view key) {
  const Value* found = find(key);
  if (found == nullptr) return false;
  if (found->is_boolean()) return found->get<bool>();
  fail(key, "true or false is expected");
  return false;
}

Instant Reader::instant(std::string_view key) {
  const std::string text = string(key, 64);
  if (failed()) return {};
  const auto parsed = parse_rfc3339(text);
  if (parsed.ok()) return *parsed;
  fail(key, parsed.error().detail);
  return {};
}

Millis Reader::millis(std::string_view key, Millis min, Millis max) {
  return {integer(key, min.ms, max.ms)};
}

Digest Reader::digest(std::string_view key) { return parsed<Digest>(key, string(key, 128)); }

std::string Reader::base64(std::string_view key, std::size_t max_bytes) {
  const std::string text = string(key, max_bytes / 3 * 4 + 8);
  if (failed()) return {};
  auto bytes = from_base64(text);
  if (bytes.ok()) return std::move(bytes).value();
  fail(key, bytes.error().detail);
  return {};
}

void Reader::literal(std::string_view key, std::string_view expected) {
  const std::string text = string(key, 256);
  if (!failed() && text != expected)
    fail(key, "'" + text + "' where '" + std::string(expected) + "' is expected");
}

Reader Reader::object(std::string_view key) {
  const Value* found = find(key);
  return {found == nullptr ? kNull : *found, path(key), document_};
}

void Reader::objects(std::string_view key, std::size_t max_count,
                     const std::function<void(Reader&)>& each) {
  const Value& list = raw(key);
  if (failed()) return;
  if (!list.is_array() || list.size() > max_count) {
    return fail(key, "a list of at most " + std::to_string(max_count) + " objects is expected");
  }
  for (std::size_t i = 0; i < list.size() && !failed(); ++i) {
    Reader element(list[i], path(key) + "[" + std::to_string(i) + "]", document_);
    if (!failed()) each(element);
  }
}

void Reader::members(std::string_view key, std::size_t max_count,
                     const std::function<void(const std::string&, Reader&)>& each) {
  const Value& map = raw(key);
  if (failed()) return;
  if (!map.is_object() || map.size() > max_count) {
    return fail(key, "an object of at most " + std::to_string(max_count) + " members is expected");
  }
  for (auto it = map.begin(); it != map.end() && !failed(); ++it) {
    Reader member(it.value(), path(key) + "." + it.key(), document_);
    if (!failed()) each(it.key(), member);
  }
}

std::vector<std::string> Reader::strings(std::string_view key, std::size_t max_count,
                                         std::size_t max_bytes) {
  const Value& list = raw(key);
  if (failed()) return {};
  std::vector<std::string> out;
  const auto legal = [&](const Value& v) {
    return v.is_string() && v.get_ref<const std::string&>().size() <= max_bytes;
  };
  if (!list.is_array() || list.size() > max_count ||
      !std::all_of(list.begin(), list.end(), legal)) {
    fail(key, "a list of at most " + std::to_string(max_count) + " strings is expected");
    return {};
  }
  for (const Value& element : list) out.push_back(element.get<std::string>());
  return out;
}

std::vector<std::int64_t> Reader::integers(std::string_view key, std::size_t max_count,
                                           std::int64_t min, std::int64_t max) {
  const Value& list = raw(key);
  if (failed()) return {};
  const auto legal = [&](const Value& v) { return integer_within(v, min, max); };
  if (!list.is_array() || list.size() > max_count ||
      !std::all_of(list.begin(), list.end(), legal)) {
    fail(key, "a list of at most " + std::to_string(max_count) + " integers from " +
                  std::to_string(min) + " to " + std::to_string(max) + " is expected");
    return {};
  }
  return list.get<std::vector<std::int64_t>>();
}

const Value& Reader::raw(std::string_view key) {
  const Value* found = find(key);
  return found == nullptr ? kNull : *found;
}

void Reader::fail(std::string_view key, std::string_view problem) {
  if (!failed())
    document_->problem = Error{ErrorCode::malformed, path(key) + ": " + std::string(problem)};
}

bool Reader::failed() const { return document_->problem.has_value(); }

std::string Reader::path(std::string_view key) const {
  return key.empty() ? node_->where : node_->where + "." + std::string(key);
}

void Reader::refuse_unknown(const Node& node) {
  for (auto it = node.value->begin(); it != node.value->end() && !failed(); ++it) {
    if (node.known.contains(it.key())) continue;
    std::vector<std::string> names(node.known.begin(), node.known.end());
    names.insert(names.end(), node.asked.begin(), node.asked.end());
    const auto self = std::remove(names.begin(), names.end(), it.key());
    names.erase(self, names.end());
    const std::string near = nearest(it.key(), names);
    document_->problem =
        Error{ErrorCode::malformed, node.where + "." + it.key().substr(0, 80) + ": unknown field" +
                                        (near.empty() ? "" : "; did you mean '" + near + "'?")};
  }
}

Status Reader::done(UnknownFields unknown) {
  for (const Node& node : document_->nodes) {
    if (!failed() && unknown == UnknownFields::refuse) refuse_unknown(node);
  }
  if (failed()) return *document_->problem;
  return {};
}

}  // namespace fb::json

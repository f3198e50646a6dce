#include "json/json.h"

#include <algorithm>
#include <set>
#include <vector>

namespace fb::json {
namespace {

// Builds a Value and refuses what plain parsers let through: duplicate keys and depth.
class StrictBuilder final : public nlohmann::json_sax<Value> {
 public:
  StrictBuilder(Value& root, std::size_t depth) : builder_(root, false), depth_(depth) {}

  [[nodiscard]] const std::string& problem() const { return problem_; }

  bool null() override { return builder_.null(); }
  bool boolean(bool value) override { return builder_.boolean(value); }
  bool number_integer(std::int64_t value) override { return builder_.number_integer(value); }
  bool number_unsigned(std::uint64_t value) override { return builder_.number_unsigned(value); }
  bool number_float(double value, const std::string& text) override {
    return builder_.number_float(value, text);
  }
  bool string(std::string& value) override { return builder_.string(value); }
  bool binary(Value::binary_t& value) override { return builder_.binary(value); }

  bool start_object(std::size_t size) override {
    keys_.emplace_back();
    return shallow() && builder_.start_object(size);
  }
  bool key(std::string& name) override {
    if (!keys_.back().insert(name).second)
      return refuse("key '" + name.substr(0, 80) + "' stands twice in one object");
    return builder_.key(name);
  }
  bool end_object() override {
    keys_.pop_back();
    return builder_.end_object();
  }
  bool start_array(std::size_t size) override {
    keys_.emplace_back();
    return shallow() && builder_.start_array(size);
  }
  bool end_array() override {
    keys_.pop_back();
    return builder_.end_array();
  }
  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::detail::exception& why) override {
    const bool at_end = token.empty() || token == "<U+0000>";
    return refuse("not JSON at byte " + std::to_string(position) +
                  (at_end ? "" : " near '" + token.substr(0, 40) + "'") +
                  (std::string_view(why.what()).find("UTF-8") != std::string_view::npos
                       ? " (invalid UTF-8)"
                       : ""));
  }

 private:
  bool shallow() {
    return keys_.size() <= depth_ || refuse("nested deeper than " + std::to_string(depth_));
  }
  bool refuse(std::string why) {
    if (problem_.empty()) problem_ = std::move(why);
    return false;
  }

  nlohmann::detail::json_sax_dom_parser<Value> builder_;
  std::size_t depth_;
  std::vector<std::set<std::string>> keys_;  // one set per open container; arrays hold an empty one
  std::string problem_;
};

void write_canonical(const Value& value, std::string& out);

void write_canonical_string(const std::string& text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void write_canonical_object(const Value& value, std::string& out) {
  out += '{';
  for (auto it = value.begin(); it != value.end(); ++it) {
    if (it != value.begin()) out += ',';
    write_canonical_string(it.key(), out);
    out += ':';
    write_canonical(it.value(), out);
  }
  out += '}';
}

void write_canonical(const Value& value, std::string& out) {
  FB_CHECK(!value.is_number_float());
  if (value.is_object()) return write_canonical_object(value, out);
  if (value.is_string()) return write_canonical_string(value.get_ref<const std::string&>(), out);
  if (!value.is_array()) {
    out += value.dump();
    return;
  }
  out += '[';
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (i > 0) out += ',';
    write_canonical(value[i], out);
  }
  out += ']';
}

}  // namespace

Result<Value> parse(std::string_view text, Bounds bounds) {
  if (text.size() > bounds.bytes) {
    return Error{ErrorCode::too_large, std::to_string(text.size()) + " bytes of JSON; at most " +
                                           std::to_string(bounds.bytes) + " are accepted here"};
  }
  // The library skips a byte order mark and stops at a zero byte as if the text ended there.
  if (text.starts_with("\xef\xbb\xbf")) {
    return Error{ErrorCode::malformed, "not JSON at byte 1 (a byte order mark)"};
  }
  if (const auto zero = text.find('\0'); zero != std::string_view::npos) {
    return Error{ErrorCode::malformed, "not JSON at byte " + std::to_string(zero + 1) + " (zero)"};
  }
  Value root;
  StrictBuilder builder(root, bounds.depth);
  if (!Value::sax_parse(text.begin(), text.end(), &builder)) {
    return Error{ErrorCode::malformed, builder.problem().empty() ? "not JSON" : builder.problem()};
  }
  return root;
}

bool has_canonical_form(const Value& value) {
  if (value.is_number_float()) return false;
  return !value.is_structured() || std::all_of(value.begin(), value.end(), [](const Value& inside) {
    return has_canonical_form(inside);
  });
}

std::string canonical(const Value& value) {
  std::string out;
  write_canonical(value, out);
  return out;
}

std::string compact(const Value& value) {
  return value.dump(-1, ' ', false, Value::error_handler_t::replace);
}

std::string pretty(const Value& value) {
  return value.dump(2, ' ', false, Value::error_handler_t::replace) + "\n";
}

}  // namespace fb::json

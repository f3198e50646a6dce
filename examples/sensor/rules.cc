#include "rules.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

namespace sensor {
namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string_view take_word(std::string_view& rest) {
  rest = trim(rest);
  const auto word = rest.substr(0, rest.find_first_of(kBlank));
  rest = trim(rest.substr(word.size()));
  return word;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::string> parse_quoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::nullopt;
  if (text.size() - 2 > kMaxTextBytes) return std::nullopt;
  return std::string(text.substr(1, text.size() - 2));
}

std::optional<Matcher> parse_range(std::string_view rest) {
  const auto low = parse_number<std::int64_t>(take_word(rest));
  const auto high = parse_number<std::int64_t>(rest);
  if (!low || !high || *low > *high) return std::nullopt;
  return Range{*low, *high};
}

std::optional<Matcher> parse_matcher(std::string_view word, std::string_view rest) {
  if (word == "range") return parse_range(rest);
  auto text = parse_quoted(rest);
  if (!text) return std::nullopt;
  if (word == "exact") return Exact{*std::move(text)};
  if (word == "prefix") return Prefix{*std::move(text)};
  if (word == "contains") return Contains{*std::move(text)};
  if (word != "like") return std::nullopt;
  auto pattern = Pattern::compile(*text);
  if (!pattern) return std::nullopt;
  return Like{*std::move(pattern)};
}

// Eats one line after the other; the first refusal stays.
class RulesCompiler {
 public:
  void eat(std::string_view line);
  std::variant<Channel, Refusal> finish();

 private:
  enum class Place { kTop, kType, kRule };

  void refuse(const std::string& reason);
  void begin_channel(std::string_view rest);
  void begin_type(std::string_view rest);
  void begin_rule(std::string_view rest);
  void add_field(std::string_view word, std::string_view rest);
  void add_test(std::string_view word, std::string_view rest);
  void check_rule_is_whole();

  Channel channel_;
  Place place_ = Place::kTop;
  std::set<std::size_t> fields_named_;
  std::size_t line_ = 0;
  std::optional<Refusal> refusal_;
};

void RulesCompiler::eat(std::string_view line) {
  ++line_;
  std::string_view rest = trim(line);
  if (refusal_ || rest.empty() || rest.front() == '#') return;
  const std::string_view word = take_word(rest);
  if (word == "channel") return begin_channel(rest);
  if (word == "type") return begin_type(rest);
  if (word == "rule") return begin_rule(rest);
  switch (place_) {
    case Place::kTop: return refuse("expected 'channel', 'type' or 'rule'");
    case Place::kType: return add_field(word, rest);
    case Place::kRule: return add_test(word, rest);
  }
}

std::variant<Channel, Refusal> RulesCompiler::finish() {
  check_rule_is_whole();
  if (channel_.version == 0) refuse("the text does not say 'channel' and its number");
  for (const TemplateType& type : channel_.types) {
    if (type.fields.empty()) refuse("type " + type.name + " declares no inputs");
  }
  if (refusal_) return *std::move(refusal_);
  return std::move(channel_);
}

void RulesCompiler::refuse(const std::string& reason) {
  if (!refusal_) refusal_ = Refusal{"line " + std::to_string(line_) + ": " + reason};
}

void RulesCompiler::begin_channel(std::string_view rest) {
  const auto version = parse_number<std::uint32_t>(rest);
  if (!version || *version == 0) return refuse("'channel' wants a number above 0");
  if (channel_.version != 0) return refuse("'channel' stands twice");
  channel_.version = *version;
}

void RulesCompiler::begin_type(std::string_view rest) {
  check_rule_is_whole();
  if (!is_name(rest)) return refuse("'type' wants a name of a-z, 0-9 and '_'");
  if (channel_.types.size() == kMaxTypes) return refuse("too many types");
  for (const TemplateType& type : channel_.types) {
    if (type.name == rest) return refuse("type " + type.name + " is declared twice");
  }
  channel_.types.push_back({.name = std::string(rest), .fields = {}});
  place_ = Place::kType;
}

void RulesCompiler::begin_rule(std::string_view rest) {
  check_rule_is_whole();
  const std::string_view name = take_word(rest);
  const std::string_view over = take_word(rest);
  const auto& types = channel_.types;
  const auto type =
      std::find_if(types.begin(), types.end(), [&](const auto& t) { return t.name == rest; });
  if (!is_name(name) || over != "over") return refuse("write: rule <name> over <type>");
  if (type == types.end()) return refuse("no type " + std::string(rest) + " is declared above");
  if (channel_.rules.size() == kMaxRules) return refuse("too many rules");
  const auto index = static_cast<std::size_t>(type - types.begin());
  channel_.rules.push_back({.name = std::string(name), .type = index, .tests = {}});
  fields_named_.clear();
  place_ = Place::kRule;
}

void RulesCompiler::add_field(std::string_view word, std::string_view rest) {
  TemplateType& type = channel_.types.back();
  if (!is_name(rest)) return refuse("write: string <name> or integer <name>");
  if (type.fields.size() == kMaxFields)
    return refuse("type " + type.name + " declares too many inputs");
  if (word == to_string(FieldType::kString)) return type.fields.push_back(FieldType::kString);
  if (word == to_string(FieldType::kInteger)) return type.fields.push_back(FieldType::kInteger);
  refuse("a field is a string or an integer");
}

void RulesCompiler::add_test(std::string_view word, std::string_view rest) {
  Rule& rule = channel_.rules.back();
  const auto& declared = channel_.types[rule.type].fields;
  const auto number = parse_number<std::size_t>(word);
  if (!number || *number == 0 || *number > declared.size()) {
    return refuse("expected the number of a field, 1 to " + std::to_string(declared.size()));
  }
  if (!fields_named_.insert(*number).second)
    return refuse("field " + std::string(word) + " is tested twice");
  const std::string_view kind = take_word(rest);
  if (kind == "any" && rest.empty()) return;
  auto matcher = parse_matcher(kind, rest);
  if (!matcher)
    return refuse("not a test: exact, prefix, contains or like \"text\", range low high, any");
  if (tested_type(*matcher) != declared[*number - 1]) {
    return refuse("field " + std::string(word) + " is declared as " +
                  std::string(to_string(declared[*number - 1])));
  }
  const auto later = [&](const FieldTest& test) { return test.field > *number - 1; };
  const auto place = std::find_if(rule.tests.begin(), rule.tests.end(), later);
  rule.tests.insert(place, {.field = *number - 1, .matcher = *std::move(matcher)});
}

void RulesCompiler::check_rule_is_whole() {
  if (place_ != Place::kRule || !channel_.rules.back().tests.empty()) return;
  refuse("rule " + channel_.rules.back().name + " tests nothing and would match every event");
}

}  // namespace

std::variant<Channel, Refusal> compile_rules(std::string_view text) {
  RulesCompiler compiler;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    compiler.eat(line);
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return compiler.finish();
}

std::vector<InputReads> reads_of(const Channel& channel) {
  std::vector<std::set<std::size_t>> fields(channel.types.size());
  for (const Rule& rule : channel.rules) {
    for (const FieldTest& test : rule.tests) fields[rule.type].insert(test.field + 1);
  }
  std::vector<InputReads> reads;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].empty()) continue;
    reads.push_back(
        {.name = channel.types[i].name, .fields = {fields[i].begin(), fields[i].end()}});
  }
  return reads;
}

}  // namespace sensor

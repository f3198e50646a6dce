#include "matcher.h"

namespace sensor {
namespace {

bool passes(const Exact& test, const std::string& text) { return text == test.text; }
bool passes(const Prefix& test, const std::string& text) { return text.starts_with(test.text); }
bool passes(const Contains& test, const std::string& text) {
  return text.find(test.text) != std::string::npos;
}
bool passes(const Like& test, const std::string& text) { return test.pattern.matches(text); }
bool passes(const Range& test, std::int64_t number) {
  return test.low <= number && number <= test.high;
}

template <class Test, class Value>
bool passes(const Test& /*test*/, const Value& /*value of a type that the test is not for*/) {
  return false;
}

}  // namespace

FieldType tested_type(const Matcher& matcher) {
  return std::holds_alternative<Range>(matcher) ? FieldType::kInteger : FieldType::kString;
}

bool matches(const Matcher& matcher, const InputValue& value) {
  return std::visit([](const auto& test, const auto& held) { return passes(test, held); }, matcher,
                    value);
}

}  // namespace sensor

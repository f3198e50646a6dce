// Regular expressions without the parts that can blow up: literals, '.', [a-z], [^a-z], '\' before
// a special character, '*', '+', '?', '^' at the start and '$' at the end. No groups and no
// alternatives. Matching takes time proportional to subject length times pattern length, whatever
// the pattern: a rule may be wrong, but it cannot stall the machine.
#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sensor {

class Pattern {
 public:
  // Nothing when the text is no pattern or needs more than 63 items ('+' takes two).
  static std::optional<Pattern> compile(std::string_view text);

  // True when some part of the subject matches; '^' and '$' tie the part to an end.
  bool matches(std::string_view subject) const;
  const std::string& text() const { return text_; }

 private:
  struct Item {
    std::bitset<256> accepts;
    bool repeats = false;
    bool skippable = false;
  };

  bool read_items(std::string_view rest);
  bool read_quantifier(std::string_view& rest);

  std::string text_;
  std::vector<Item> items_;
  bool from_start_ = false;
  bool to_end_ = false;
};

}  // namespace sensor

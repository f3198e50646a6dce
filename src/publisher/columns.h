// A table for a terminal: columns as wide as their widest cell, two spaces apart. UTF-8 counts by
// code points.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fb::publisher {

class Columns {
 public:
  explicit Columns(std::vector<std::string> titles) { row(std::move(titles)); }
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // Complete lines, titles first.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// How many columns a terminal needs for it, and its beginning that fits into `width` of them.
std::size_t shown_width(std::string_view utf8);
std::string cut_to_width(std::string_view utf8, std::size_t width);
// Broken at spaces into lines of at most `width` columns; a longer word stands alone and is cut.
std::vector<std::string> wrapped(std::string_view utf8, std::size_t width);

}  // namespace fb::publisher

#include "publisher/columns.h"

#include <algorithm>

namespace fb::publisher {
namespace {

bool starts_code_point(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

}  // namespace

std::string Columns::text() const {
  std::vector<std::size_t> widths;
  for (const auto& cells : rows_) {
    widths.resize(std::max(widths.size(), cells.size()));
    for (std::size_t i = 0; i < cells.size(); ++i)
      widths[i] = std::max(widths[i], shown_width(cells[i]));
  }
  std::string out;
  for (const auto& cells : rows_) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      out += cells[i];
      if (i + 1 < cells.size()) out.append(widths[i] - shown_width(cells[i]) + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

std::size_t shown_width(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), &starts_code_point));
}

std::string cut_to_width(std::string_view utf8, std::size_t width) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    if (starts_code_point(utf8[i]) && ++seen > width) return std::string(utf8.substr(0, i));
  }
  return std::string(utf8);
}

std::vector<std::string> wrapped(std::string_view utf8, std::size_t width) {
  std::vector<std::string> lines(1);
  for (std::size_t at = 0; at < utf8.size();) {
    const std::size_t space = std::min(utf8.find(' ', at), utf8.size());
    const std::string word = cut_to_width(utf8.substr(at, space - at), width);
    at = space + 1;
    if (word.empty()) continue;
    std::string& line = lines.back();
    if (line.empty())
      line = word;
    else if (shown_width(line) + 1 + shown_width(word) <= width)
      line += " " + word;
    else
      lines.push_back(word);
  }
  return lines;
}

}  // namespace fb::publisher

#include "sim/page.h"

#include <cmath>

#include <gtest/gtest.h>

namespace fb::sim {
namespace {

Picture picture() {
  Picture made;
  made.title = "a <fleet>";
  made.sentence = "HALTED: 10 & no more";
  made.command = "firebreak simulate";
  for (std::int64_t minute = 1; minute <= 20; ++minute)
    made.moments.push_back(
        {minute, minute, minute / 2, {std::exp2(static_cast<double>(minute)), 1.0 / 20, 1.0 / 20}});
  Summary own;
  own.rule = "hbp";
  own.harmed = {10, 10, 10};
  made.rules = {own};
  return made;
}

TEST(Page, StandsAloneAndRunsNothing) {
  const std::string html = page(picture());
  for (const char* forbidden : {"http", "<script", "src=", "@import", "url("})
    EXPECT_EQ(html.find(forbidden), std::string::npos) << forbidden;
  EXPECT_NE(html.find("<svg"), std::string::npos);
  EXPECT_NE(html.find("hbp"), std::string::npos);
}

TEST(Page, TextOfPeopleIsEscaped) {
  const std::string html = page(picture());
  EXPECT_NE(html.find("a &lt;fleet&gt;"), std::string::npos);
  EXPECT_NE(html.find("10 &amp; no more"), std::string::npos);
}

// The places on the axis of the plot of that name, top last.
std::vector<std::string> ticks(const std::string& html, const std::string& plot) {
  std::vector<std::string> found;
  const std::string open = "text-anchor='end'>";
  const std::size_t end = html.find("<polyline", html.find(plot));
  for (std::size_t at = html.find(open, html.find(plot)); at < end; at = html.find(open, at + 1)) {
    const std::size_t from = at + open.size();
    found.push_back(html.substr(from, html.find('<', from) - from));
  }
  return found;
}

TEST(Page, TheAxisOfTheBoundEndsAtOne) {
  Picture still = picture();
  for (Moment& moment : still.moments) moment.gauge.bound = 1;  // halted before it fell
  using Ticks = std::vector<std::string>;
  EXPECT_EQ(ticks(page(still), "Harm that cannot"), (Ticks{"10^-1", "1"}));
  still.moments.back().gauge.bound = .002;
  EXPECT_EQ(ticks(page(still), "Harm that cannot"), (Ticks{"10^-3", "10^-2", "10^-1", "1"}));
}

TEST(Page, ARunWithoutMomentsIsStillAPage) {
  Picture empty = picture();
  empty.moments.clear();
  EXPECT_NE(page(empty).find("</html>"), std::string::npos);
}

}  // namespace
}  // namespace fb::sim

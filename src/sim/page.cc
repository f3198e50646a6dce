#include "sim/page.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>

namespace fb::sim {
namespace {

constexpr double kWidth = 860;
constexpr double kHeight = 220;
constexpr double kLeft = 70;
constexpr double kBottom = 30;

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '&': safe += "&amp;"; break;
      case '"': safe += "&quot;"; break;
      default: safe += c;
    }
  }
  return safe;
}

// A logarithmic axis from 10^low to 10^high.
struct Axis {
  int low = 0;
  int high = 1;

  [[nodiscard]] double place(double value) const {
    const double at = std::log10(std::max(value, std::pow(10.0, low)));
    return std::clamp((at - low) / (high - low), 0.0, 1.0);
  }
};

Axis axis_over(const std::vector<double>& values) {
  Axis axis{100, -100};
  for (const double value : values) {
    if (!(value > 0) || !std::isfinite(value)) continue;
    axis.low = std::min(axis.low, static_cast<int>(std::floor(std::log10(value))));
    axis.high = std::max(axis.high, static_cast<int>(std::ceil(std::log10(value))));
  }
  if (axis.low > axis.high) axis = {0, 1};
  // Values that stand still at 1 or below are shares: nothing lies above them.
  if (axis.low == axis.high && axis.high <= 0) --axis.low;
  if (axis.low == axis.high) ++axis.high;
  axis.low = std::max(axis.low, axis.high - 12);
  return axis;
}

std::string power(int exponent) {
  if (exponent < 0 || exponent > 6) return fmt::format("10^{}", exponent);
  return fmt::format("{:.0f}", std::pow(10.0, exponent));
}

std::string grid(const Axis& axis) {
  std::string lines;
  const int step = axis.high - axis.low > 6 ? 2 : 1;
  for (int e = axis.low; e <= axis.high; e += step) {
    const double y = kHeight - kBottom - axis.place(std::pow(10.0, e)) * (kHeight - kBottom - 10);
    lines += fmt::format(
        "<line x1='{}' y1='{:.1f}' x2='{}' y2='{:.1f}' class='grid'/>"
        "<text x='{}' y='{:.1f}' class='tick' text-anchor='end'>{}</text>\n",
        kLeft, y, kWidth, y, kLeft - 6, y + 4, power(e));
  }
  return lines;
}

struct Curve {
  const char* name;
  const char* style;
  std::function<double(const Moment&)> value;
};

std::string path(const std::vector<Moment>& moments, const Curve& curve, const Axis& axis) {
  std::string points;
  const auto last = static_cast<double>(std::max<std::int64_t>(1, moments.back().minute));
  for (const Moment& moment : moments) {
    const double value = curve.value(moment);
    if (!(value > 0)) continue;  // a logarithm has no place for nothing
    const double x = kLeft + static_cast<double>(moment.minute) / last * (kWidth - kLeft);
    const double y = kHeight - kBottom - axis.place(value) * (kHeight - kBottom - 10);
    points += fmt::format("{:.1f},{:.1f} ", x, y);
  }
  return fmt::format("<polyline points='{}' class='{}'/>\n", points, curve.style);
}

std::string plot(const std::string& title, const std::vector<Moment>& moments,
                 const std::vector<Curve>& curves, double mark) {
  if (moments.empty()) return "";
  std::vector<double> values{mark};
  for (const Curve& curve : curves) {
    for (const Moment& moment : moments) values.push_back(curve.value(moment));
  }
  const Axis axis = axis_over(values);
  std::string svg = fmt::format("<h2>{}</h2><p>", escaped(title));
  for (const Curve& curve : curves)
    svg += fmt::format("<span class='key {}'>&#9644; {}</span> ", curve.style, curve.name);
  svg += fmt::format("</p><svg viewBox='0 0 {} {}' role='img' aria-label='{}'>\n", kWidth, kHeight,
                     escaped(title));
  svg += grid(axis);
  if (mark > 0) {
    const double y = kHeight - kBottom - axis.place(mark) * (kHeight - kBottom - 10);
    svg += fmt::format("<line x1='{}' y1='{:.1f}' x2='{}' y2='{:.1f}' class='mark'/>\n", kLeft, y,
                       kWidth, y);
  }
  for (const Curve& curve : curves) svg += path(moments, curve, axis);
  for (int i = 0; i <= 4; ++i) {
    svg += fmt::format("<text x='{:.0f}' y='{}' class='tick' text-anchor='{}'>{} min</text>\n",
                       kLeft + i * (kWidth - kLeft) / 4, kHeight - 8, i == 4 ? "end" : "middle",
                       moments.back().minute * i / 4);
  }
  return svg + "</svg>\n";
}

std::string bars(const std::vector<Summary>& rules) {
  std::vector<double> values{1};
  for (const Summary& rule : rules) values.push_back(static_cast<double>(rule.harmed.p99));
  const Axis axis = axis_over(values);
  const double height = 30 * static_cast<double>(rules.size()) + 10;
  std::string svg = fmt::format(
      "<h2>Harmed devices by rule (median; logarithmic)</h2><svg viewBox='0 0 {} {}' role='img' "
      "aria-label='harmed devices by rule'>\n",
      kWidth, height);
  double y = 5;
  for (const Summary& rule : rules) {
    const double width = axis.place(static_cast<double>(rule.harmed.median)) * (kWidth - 320);
    svg += fmt::format(
        "<text x='100' y='{:.0f}' text-anchor='end'>{}</text><rect x='110' y='{:.0f}' "
        "width='{:.1f}' height='22' class='{}'/><text x='{:.1f}' y='{:.0f}'>{} (99 %: {})</text>\n",
        y + 16, escaped(rule.rule), y, std::max(1.0, width), rule.rule == "hbp" ? "ours" : "theirs",
        120 + width, y + 16, rule.harmed.median, rule.harmed.p99);
    y += 30;
  }
  return svg + "</svg>\n";
}

constexpr const char* kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:900px;margin:2em auto;padding:0 1em;"
    "color:#222;background:#fff}svg{width:100%;height:auto}h2{font-size:1.05em;margin:1.5em 0 0}"
    "p{margin:.3em "
    "0}.grid{stroke:#ddd}.tick{font-size:11px;fill:#555}text{font-size:13px;fill:#222}"
    "polyline{fill:none;stroke-width:2}.a{stroke:#0b5fa5}.b{stroke:#c0392b;stroke-dasharray:6 3}"
    ".key{stroke:none}.key.a{color:#0b5fa5}.key.b{color:#c0392b}"
    ".mark{stroke:#c0392b;stroke-dasharray:2 3}.ours{fill:#0b5fa5}.theirs{fill:#999}"
    "code{background:#f3f3f3;padding:.1em .3em}";

}  // namespace

std::string page(const Picture& picture) {
  const auto count = [](std::int64_t Moment::*field) {
    return [field](const Moment& m) { return static_cast<double>(m.*field); };
  };
  const auto gauge = [](double Gauge::*field) {
    return [field](const Moment& m) { return m.gauge.*field; };
  };
  std::string html = fmt::format(
      "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{0}</title>"
      "<style>{1}</style></head><body><h1>{0}</h1><p>{2}</p>\n",
      escaped(picture.title), kStyle, escaped(picture.sentence));
  html +=
      plot("Devices that may have the release, and those it harmed", picture.moments,
           {{"exposed", "a", count(&Moment::exposed)}, {"harmed", "b", count(&Moment::harmed)}}, 0);
  html += plot("Evidence against \"no worse\"; the dotted line halts", picture.moments,
               {{"evidence", "a", gauge(&Gauge::evidence)}}, picture.halt_at);
  html += plot("Harm that cannot be excluded yet (binding horizon)", picture.moments,
               {{"bound", "a", gauge(&Gauge::bound)}}, 0);
  html += bars(picture.rules);
  return html +
         fmt::format("<p>Drawn by <code>{}</code></p></body></html>\n", escaped(picture.command));
}

}  // namespace fb::sim

#include "statement/speed.h"

#include <algorithm>

#include "crypto/sha256.h"
#include "json/reader.h"

namespace fb::statement {
namespace {

constexpr std::int64_t kMillion = 1'000'000;

bool ascending(const std::vector<SpeedStep>& steps) {
  // Not std::is_sorted: steps that grow in one and shrink in the other have no order it could see.
  const auto out_of_order = [](const SpeedStep& a, const SpeedStep& b) {
    const bool shrinks = b.after < a.after || b.per_million < a.per_million;
    return shrinks || (b.after == a.after && b.per_million == a.per_million);
  };
  return std::adjacent_find(steps.begin(), steps.end(), out_of_order) == steps.end();
}

}  // namespace

const SpeedRule* SpeedLimits::find(release::Kind kind, release::Class cls) const {
  const auto it = std::find_if(rules.begin(), rules.end(), [&](const SpeedRule& rule) {
    return rule.kind == kind && rule.cls == cls;
  });
  return it == rules.end() ? nullptr : &*it;
}

bool SpeedLimits::unlimited() const {
  for (const auto& [kind_word, kind] : release::kind_words()) {
    for (const auto& [class_word, cls] : release::class_words()) {
      const SpeedRule* rule = find(kind, cls);
      if (rule == nullptr || wait(*rule, kMillion - 1) != Millis{}) return false;
    }
  }
  return true;
}

std::optional<Millis> wait(const SpeedRule& rule, std::int64_t cohort) {
  for (const SpeedStep& step : rule.steps) {
    if (cohort < step.per_million) return step.after;
  }
  return std::nullopt;
}

std::int64_t cohort(const Digest& manifest, const DeviceId& device) {
  const Digest hash =
      crypto::sha256("firebreak/speed/1\n" + manifest.text() + "\n" + device.text());
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < 8; ++i) head = head << 8U | hash.bytes[i];
  // head * 10^6 / 2^64 without 128-bit arithmetic: the top 32 bits decide to one part in 4 billion.
  return static_cast<std::int64_t>((head >> 32U) * static_cast<std::uint64_t>(kMillion) >> 32U);
}

Result<SpeedLimits> decode_limits(std::string_view bytes) {
  FB_ASSIGN(const json::Value value, json::parse(bytes));
  json::Reader in(value, "limits");
  in.literal("format", "firebreak.limits/1");
  SpeedLimits limits;
  in.objects("speed", 64, [&](json::Reader& each) {
    SpeedRule rule;
    rule.kind = each.word("kind", release::kind_words());
    rule.cls = each.word("class", release::class_words());
    each.objects("steps", 64, [&](json::Reader& step) {
      rule.steps.push_back(
          {step.millis("after_ms", {0}, days(365)), step.integer("per_million", 0, kMillion)});
    });
    if (!ascending(rule.steps)) each.fail("steps", "must grow in after_ms and per_million");
    if (limits.find(rule.kind, rule.cls) != nullptr)
      each.fail("class", "this kind and class stand twice");
    limits.rules.push_back(std::move(rule));
  });
  FB_TRY(in.done());
  return limits;
}

std::string encode(const SpeedLimits& limits) {
  json::Value rules = json::Value::array();
  for (const SpeedRule& rule : limits.rules) {
    json::Value steps = json::Value::array();
    for (const SpeedStep& step : rule.steps) {
      steps.push_back({{"after_ms", step.after.ms}, {"per_million", step.per_million}});
    }
    rules.push_back(
        {{"kind", word(rule.kind)}, {"class", word(rule.cls)}, {"steps", std::move(steps)}});
  }
  return json::pretty({{"format", "firebreak.limits/1"}, {"speed", std::move(rules)}});
}

}  // namespace fb::statement

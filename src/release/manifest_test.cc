#include "release/manifest.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/limits.h"

namespace fb::release {
namespace {

const ComponentId kChannel = *ComponentId::parse("sensor.channel");
const ComponentId kEngine = *ComponentId::parse("sensor.engine");

Manifest content() {
  Manifest manifest;
  manifest.component = kChannel;
  manifest.version = "291";
  manifest.author = *PersonId::parse("ann");
  manifest.created = *parse_rfc3339("2024-07-19T04:09:00Z");
  manifest.artifacts = {{"channel.bin", 40'960, {}, false}};
  manifest.notes = {"what", "why", "risk", "undo"};
  manifest.reader = kEngine;
  manifest.needs = Needs{{{"ipc", {1, 2}}}, 40'960};
  return manifest;
}

Manifest core() {
  Manifest manifest = content();
  manifest.component = kEngine;
  manifest.kind = Kind::core;
  manifest.artifacts = {{"sensor", 1, {}, true}};
  manifest.reader.reset();
  manifest.needs.reset();
  manifest.contract = Contract{"7.11", kChannel, {{"ipc", {"string"}}}, 0, 0};
  manifest.definition = Definition{"sensor", {"{slot}/sensor"}, {}, {{kChannel, {"{slot}/try"}}}};
  return manifest;
}

std::string problem(const json::Value& value) {
  const auto manifest = decode_manifest(json::compact(value));
  return manifest.ok() ? "" : manifest.error().detail;
}

json::Value value_of(const Manifest& manifest) { return *json::parse(encode(manifest)); }

TEST(Manifests, SurviveTheRoundTrip) {
  for (const Manifest& manifest : {content(), core()}) {
    const auto again = decode_manifest(encode(manifest));
    ASSERT_TRUE(again.ok()) << again.error().detail;
    EXPECT_EQ(encode(*again), encode(manifest));
  }
}

TEST(Manifests, NameTheirTargets) {
  EXPECT_EQ(manifest_path(content()), "content/sensor.channel/291.manifest.json");
  EXPECT_EQ(target_path(content(), "channel.bin"), "content/sensor.channel/291.channel.bin");
  EXPECT_EQ(manifest_path(core()), "core/sensor.engine/291.manifest.json");
}

struct Mistake {
  const char* what;
  std::function<void(json::Value&)> make;
  const char* problem;
};

void expect_refused(const Manifest& good, const std::vector<Mistake>& mistakes) {
  for (const Mistake& mistake : mistakes) {
    json::Value value = value_of(good);
    ASSERT_EQ(problem(value), "");
    mistake.make(value);
    EXPECT_NE(problem(value).find(mistake.problem), std::string::npos)
        << mistake.what << " gave: " << problem(value);
  }
}

TEST(ContentManifests, NeverBringAProgram) {
  const json::Value from_core = value_of(core());
  for (const char* kind : {"content", "config", "flags"}) {
    json::Value base = value_of(content());
    base["kind"] = kind;
    ASSERT_EQ(problem(base), "") << kind;
    for (const char* part : {"definition", "contract"}) {
      json::Value value = base;
      value[part] = from_core[part];
      EXPECT_NE(problem(value).find(std::string("manifest.") + part + ": unknown field"),
                std::string::npos)
          << kind << " with " << part << " gave: " << problem(value);
    }
    base["artifacts"][0]["executable"] = true;
    EXPECT_NE(problem(base).find("only core may bring programs"), std::string::npos) << kind;
  }
}

TEST(CoreManifests, NeverBringNeeds) {
  const json::Value from_content = value_of(content());
  for (const char* part : {"needs", "reader"}) {
    json::Value value = value_of(core());
    value[part] = from_content[part];
    EXPECT_EQ(problem(value).find(std::string("manifest.") + part + ": unknown field"), 0U)
        << problem(value);
  }
}

TEST(Manifests, RefuseWhatTheFormatForbids) {
  using V = json::Value;
  const std::string long_text(limits::kTextBytes + 1, 'x');
  expect_refused(
      content(),
      {{"format", [](V& v) { v["format"] = "firebreak.manifest/2"; }, "manifest.format"},
       {"no artifact", [](V& v) { v["artifacts"] = V::array(); }, "at least one is needed"},
       {"one name twice", [](V& v) { v["artifacts"].push_back(v["artifacts"][0]); },
        "'channel.bin' stands twice"},
       {"a climbing name", [](V& v) { v["artifacts"][0]["name"] = "../channel.bin"; },
        "'../channel.bin' is not an artifact name"},
       {"the manifest's own name", [](V& v) { v["artifacts"][0]["name"] = "manifest.json"; },
        "not an artifact name"},
       {"negative size", [](V& v) { v["artifacts"][0]["size"] = -1; }, "artifacts[0].size"},
       {"huge size", [](V& v) { v["artifacts"][0]["size"] = limits::kArtifactBytes + 1; },
        "artifacts[0].size"},
       {"a command in an artifact", [](V& v) { v["artifacts"][0]["command"] = "sh"; },
        "artifacts[0].command: unknown field"},
       {"a climbing version", [](V& v) { v["version"] = "../1"; }, "manifest.version"},
       {"kind", [](V& v) { v["kind"] = "kernel"; }, "'kernel' is none of: core, content"},
       {"class", [](V& v) { v["class"] = "hotfix"; }, "'hotfix' is none of: feature"},
       {"long notes", [&](V& v) { v["notes"]["why"] = long_text; }, "notes.why: 16385 bytes"},
       {"no probation", [](V& v) { v["health"]["probation_ms"] = 0; }, "health.probation_ms"},
       {"restarts", [](V& v) { v["health"]["restarts"] = -1; }, "health.restarts"},
       {"no delay of faults", [](V& v) { v["health"]["longest_fault_delay_ms"] = 0; },
        "health.longest_fault_delay_ms"},
       {"a delay of two months", [](V& v) { v["health"]["longest_fault_delay_ms"] = days(60).ms; },
        "health.longest_fault_delay_ms"},
       {"descending needs",
        [](V& v) {
          v["needs"]["inputs"][0]["reads"] = {2, 1};
        },
        "must be ascending"}});
}

TEST(Manifests, SayHowLateAFaultMayShowOnlyWhereThatIsKnown) {
  Manifest manifest = content();
  EXPECT_EQ(encode(manifest).find("longest_fault_delay"), std::string::npos);
  manifest.health.longest_fault_delay = hours(26);
  const auto again = decode_manifest(encode(manifest));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(again->health.longest_fault_delay, hours(26));
}

TEST(Manifests, RefuseMoreArtifactsThanTheLimit) {
  Manifest manifest = content();
  manifest.artifacts.clear();
  for (std::size_t i = 0; i < limits::kArtifactsPerRelease; ++i) {
    manifest.artifacts.push_back({"a" + std::to_string(i), 1, {}, false});
  }
  EXPECT_EQ(problem(value_of(manifest)), "");
  manifest.artifacts.push_back({"one-more", 1, {}, false});
  EXPECT_NE(problem(value_of(manifest)).find("at most 64"), std::string::npos);
}

}  // namespace
}  // namespace fb::release

#include "release/manifest.h"

#include <set>

#include "base/limits.h"

namespace fb::release {
namespace {

constexpr Millis kLongestWatch = days(30);
constexpr std::size_t kArguments = 64;
constexpr std::size_t kArgumentBytes = 1024;

Artifact read_artifact(json::Reader& in) {
  Artifact artifact;
  const std::string name = in.string("name", 128);
  if (const auto parsed = parse_artifact_name(name); !in.failed() && !parsed.ok())
    in.fail("name", parsed.error().detail);
  artifact.name = name;
  artifact.size = static_cast<std::uint64_t>(in.integer("size", 0, limits::kArtifactBytes));
  artifact.digest = in.digest("digest");
  if (in.has("executable")) artifact.executable = in.boolean("executable");
  return artifact;
}

Notes read_notes(json::Reader in) {
  return {in.string("what", limits::kTextBytes), in.string("why", limits::kTextBytes),
          in.string("risk", limits::kTextBytes), in.string("undo", limits::kTextBytes)};
}

Health read_health(json::Reader in) {
  Health health;
  health.probation = in.millis("probation_ms", milliseconds(100), kLongestWatch);
  health.restarts = static_cast<int>(in.integer("restarts", 0, 100));
  health.probe_failures = static_cast<int>(in.integer("probe_failures", 0, 100));
  if (in.has("longest_fault_delay_ms"))
    health.longest_fault_delay = in.millis("longest_fault_delay_ms", Millis{1}, kLongestWatch);
  return health;
}

// Left out where nothing is known: releases that say nothing keep their bytes.
json::Value write_health(const Health& health) {
  json::Value out{{"probation_ms", health.probation.ms},
                  {"restarts", health.restarts},
                  {"probe_failures", health.probe_failures}};
  if (health.longest_fault_delay.ms > 0)
    out["longest_fault_delay_ms"] = health.longest_fault_delay.ms;
  return out;
}

Definition read_definition(json::Reader& in) {
  Definition definition;
  definition.workload = in.string("workload", 64);
  definition.command = in.strings("command", kArguments, kArgumentBytes);
  definition.probe = in.strings("probe", kArguments, kArgumentBytes);
  in.objects("taste", 16, [&](json::Reader& each) {
    definition.taste[each.id<ComponentId>("component")] =
        each.strings("command", kArguments, kArgumentBytes);
  });
  return definition;
}

json::Value write_definition(const Definition& definition) {
  json::Value taste = json::Value::array();
  for (const auto& [component, command] : definition.taste) {
    taste.push_back({{"component", component.text()}, {"command", command}});
  }
  return {{"workload", definition.workload},
          {"command", definition.command},
          {"probe", definition.probe},
          {"taste", std::move(taste)}};
}

// What only one kind of component may carry.
void read_core_parts(json::Reader& in, Manifest& manifest) {
  if (in.has("contract")) {
    auto contract = decode_contract(in.raw("contract"));
    if (contract.ok())
      manifest.contract = std::move(contract).value();
    else
      in.fail("contract", contract.error().detail);
  }
  if (in.has("definition")) {
    json::Reader definition = in.object("definition");
    manifest.definition = read_definition(definition);
  }
}

void read_data_parts(json::Reader& in, Manifest& manifest) {
  if (in.has("reader")) manifest.reader = in.id<ComponentId>("reader");
  if (!in.has("needs")) return;
  auto needs = decode_needs(in.raw("needs"));
  if (needs.ok())
    manifest.needs = std::move(needs).value();
  else
    in.fail("needs", needs.error().detail);
}

void refuse_duplicates(json::Reader& in, const Manifest& manifest) {
  std::set<std::string> names;
  for (const Artifact& artifact : manifest.artifacts) {
    if (!names.insert(artifact.name).second)
      in.fail("artifacts", "'" + artifact.name + "' stands twice");
    if (artifact.executable && manifest.kind != Kind::core) {
      in.fail("artifacts", "'" + artifact.name + "' is executable; only core may bring programs");
    }
  }
  if (manifest.artifacts.empty()) in.fail("artifacts", "at least one is needed");
}

}  // namespace

std::string target_path(const Manifest& manifest, std::string_view file) {
  return std::string(word(manifest.kind)) + "/" + manifest.component.text() + "/" +
         manifest.version + "." + std::string(file);
}

std::string manifest_path(const Manifest& manifest) {
  return target_path(manifest, "manifest.json");
}

Result<Manifest> decode_manifest(std::string_view bytes) {
  FB_ASSIGN(const json::Value value, json::parse(bytes));
  json::Reader in(value, "manifest");
  in.literal("format", "firebreak.manifest/1");
  Manifest manifest;
  manifest.component = in.id<ComponentId>("component");
  manifest.kind = in.word("kind", kind_words());
  manifest.version = in.string("version", 64);
  if (const auto version = parse_version(manifest.version); !version.ok())
    in.fail("version", version.error().detail);
  manifest.cls = in.word("class", class_words());
  manifest.author = in.id<PersonId>("author");
  manifest.created = in.instant("created");
  in.objects("artifacts", limits::kArtifactsPerRelease,
             [&](json::Reader& each) { manifest.artifacts.push_back(read_artifact(each)); });
  manifest.notes = read_notes(in.object("notes"));
  manifest.health = read_health(in.object("health"));
  manifest.one_way = in.boolean("one_way");
  if (manifest.kind == Kind::core)
    read_core_parts(in, manifest);
  else
    read_data_parts(in, manifest);
  refuse_duplicates(in, manifest);
  FB_TRY(in.done());
  return manifest;
}

std::string encode(const Manifest& manifest) {
  json::Value artifacts = json::Value::array();
  for (const Artifact& artifact : manifest.artifacts) {
    json::Value each{
        {"name", artifact.name}, {"size", artifact.size}, {"digest", artifact.digest.text()}};
    if (artifact.executable) each["executable"] = true;
    artifacts.push_back(std::move(each));
  }
  json::Value value{
      {"format", "firebreak.manifest/1"},
      {"component", manifest.component.text()},
      {"kind", word(manifest.kind)},
      {"version", manifest.version},
      {"class", word(manifest.cls)},
      {"author", manifest.author.text()},
      {"created", to_rfc3339(manifest.created)},
      {"artifacts", std::move(artifacts)},
      {"notes",
       {{"what", manifest.notes.what},
        {"why", manifest.notes.why},
        {"risk", manifest.notes.risk},
        {"undo", manifest.notes.undo}}},
      {"health", write_health(manifest.health)},
      {"one_way", manifest.one_way},
  };
  if (manifest.reader) value["reader"] = manifest.reader->text();
  if (manifest.needs) value["needs"] = encode(*manifest.needs);
  if (manifest.contract) value["contract"] = encode(*manifest.contract);
  if (manifest.definition) value["definition"] = write_definition(*manifest.definition);
  return json::pretty(value);
}

}  // namespace fb::release

#include "publisher/draft.h"

#include <algorithm>

#include "base/limits.h"
#include "crypto/sha256.h"
#include "json/reader.h"
#include "publisher/home.h"

namespace fb::publisher {
namespace {

constexpr std::string_view kSubmitted = "submitted.json";

Status put_part(json::Value& manifest, const char* key, const std::optional<std::string>& text) {
  if (!text) return {};
  FB_ASSIGN(json::Value part, json::parse(*text).in("--" + std::string(key)));
  manifest[key] = std::move(part);
  return {};
}

// Core alone explains itself to content; content alone says what it reads. Said here with the
// option's name.
Status check_parts(const DraftOrder& order) {
  const bool core = order.described.kind == release::Kind::core;
  const std::string kind(release::word(order.described.kind));
  if (core && (order.needs || order.described.reader)) {
    return Error{ErrorCode::bad_usage,
                 "--needs and --reader are for content and config; core has --contract"};
  }
  if (!core && (order.contract || order.definition)) {
    return Error{ErrorCode::bad_usage, "--contract and --definition are for core; " + kind +
                                           " is data, and brings no commands"};
  }
  if (order.needs && !order.described.reader) {
    return Error{ErrorCode::bad_usage,
                 "--needs says what is read; --reader has to say which core component supplies it"};
  }
  if (order.artifacts.empty())
    return Error{ErrorCode::bad_usage, "at least one --artifact FILE is needed"};
  return {};
}

release::Manifest with_artifacts(const DraftOrder& order) {
  release::Manifest manifest = order.described;
  for (const DraftArtifact& artifact : order.artifacts) {
    manifest.artifacts.push_back({artifact.name, artifact.bytes.size(),
                                  crypto::sha256(artifact.bytes),
                                  artifact.executable && manifest.kind == release::Kind::core});
  }
  return manifest;
}

// "drafts/sensor.channel-291/" as a shell completes it → "sensor.channel-291".
std::string base_name(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return std::string(path.substr(path.rfind('/') + 1));
}

Error no_such_draft(port::Files& home, const std::string& name) {
  const auto names = draft_names(home);
  std::string detail = "there is no draft '" + name + "'";
  if (names.empty())
    return {ErrorCode::not_found, detail + "; `firebreak release create` makes one"};
  const std::string near = json::nearest(name, names);
  if (!near.empty()) return {ErrorCode::not_found, detail + "; did you mean " + near + "?"};
  detail += "; there are:";
  for (const std::string& each : names) detail += " " + each;
  return {ErrorCode::not_found, detail};
}

}  // namespace

std::string draft_path(std::string_view name, std::string_view file) {
  return "drafts/" + std::string(name) + "/" + std::string(file);
}

Result<Draft> compose_draft(const DraftOrder& order) {
  FB_TRY(check_parts(order));
  json::Value value = json::Value::parse(release::encode(with_artifacts(order)));
  FB_TRY(put_part(value, "needs", order.needs));
  FB_TRY(put_part(value, "contract", order.contract));
  FB_TRY(put_part(value, "definition", order.definition));
  FB_ASSIGN(release::Manifest manifest, release::decode_manifest(json::pretty(value)));
  Draft draft{manifest.component.text() + "-" + manifest.version,
              manifest,
              release::encode(manifest),
              {},
              {}};
  draft.release = crypto::sha256(draft.manifest_bytes);
  for (const DraftArtifact& artifact : order.artifacts)
    draft.artifacts.emplace(artifact.name, artifact.bytes);
  return draft;
}

Outcome describe_draft(const Draft& draft) {
  std::string text = "draft " + draft.name + "\nrelease " + draft.release.text() + "\n";
  json::Value artifacts = json::Value::array();
  for (const auto& artifact : draft.manifest.artifacts) {
    text += "  " + artifact.name + ", " + std::to_string(artifact.size) + " bytes, " +
            artifact.digest.brief() + "\n";
    artifacts.push_back(
        {{"name", artifact.name}, {"size", artifact.size}, {"digest", artifact.digest.text()}});
  }
  const Millis late = draft.manifest.health.longest_fault_delay;
  if (late.ms > 0) text += "  late faults show up to " + in_words(late) + " after activation\n";
  return {Answer::yes,
          text + "next: firebreak check " + draft.name + "; firebreak release sign " + draft.name +
              "\n",
          {{"draft", draft.name},
           {"release", draft.release.text()},
           {"artifacts", std::move(artifacts)}}};
}

Status save_draft(port::Files& home, const Draft& draft) {
  if (home.size(draft_path(draft.name, kSubmitted)).ok()) {
    return Error{
        ErrorCode::conflict,
        draft.name + " was submitted already and a version is used once; choose another --version"};
  }
  FB_TRY(home.remove("drafts/" + draft.name));
  for (const auto& [name, bytes] : draft.artifacts) {
    FB_TRY(home.write_atomic(draft_path(draft.name, "artifacts/" + name), bytes));
  }
  return home.write_atomic(draft_path(draft.name, "manifest.json"), draft.manifest_bytes);
}

Result<Draft> load_draft(port::Files& home, std::string_view given) {
  const std::string name = base_name(given);
  if (name.empty() || name == "." || name == "..") return no_such_draft(home, name);
  auto bytes = home.read(draft_path(name, "manifest.json"), limits::kJsonBytes);
  if (!bytes.ok()) return no_such_draft(home, name);
  FB_ASSIGN(release::Manifest manifest,
            release::decode_manifest(*bytes).in(home.absolute("drafts/" + name)));
  Draft draft{name, std::move(manifest), std::move(bytes).value(), {}, {}};
  draft.release = crypto::sha256(draft.manifest_bytes);
  for (const auto& artifact : draft.manifest.artifacts) {
    const std::string path = draft_path(name, "artifacts/" + artifact.name);
    FB_ASSIGN(std::string content, home.read(path, kDraftArtifactBytes).in(path));
    if (crypto::sha256(content) != artifact.digest) {
      return Error{
          ErrorCode::mismatch,
          home.absolute(path) + " changed after the manifest was made; run `release create` again"};
    }
    draft.artifacts.emplace(artifact.name, std::move(content));
  }
  return draft;
}

std::vector<std::string> draft_names(port::Files& home) {
  auto names = home.list("drafts");
  return names.ok() ? std::move(names).value() : std::vector<std::string>{};
}

}  // namespace fb::publisher

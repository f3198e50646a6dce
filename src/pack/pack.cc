#include "pack/pack.h"

#include "base/limits.h"
#include "json/reader.h"

namespace fb::pack {
namespace {

constexpr std::string_view kFormat = "firebreak.pack/1";

std::map<std::string, std::string> read_texts(json::Reader& in, std::string_view key) {
  std::map<std::string, std::string> texts;
  const json::Value& all = in.raw(key);
  if (!in.failed() && !all.is_object()) in.fail(key, "an object of texts is expected");
  if (in.failed()) return texts;
  for (const auto& [name, text] : all.items()) {
    if (text.is_string())
      texts.emplace(name, text.get<std::string>());
    else
      in.fail(key, name + " is not a text");
  }
  return texts;
}

}  // namespace

Result<Pack> decode_pack(std::string_view bytes) {
  FB_ASSIGN(const json::Value value, json::parse(bytes, {limits::kPackBytes, limits::kJsonDepth}));
  json::Reader in(value, "pack");
  in.literal("format", kFormat);
  Pack pack;
  pack.release = in.digest("release");
  pack.checkpoint = in.string("checkpoint", limits::kNoteBytes);
  in.objects("entries", limits::kPackEntries,
             [&](json::Reader& each) { pack.entries.push_back(audit::read_proved(each)); });
  pack.manifest = in.string("manifest", limits::kJsonBytes);
  pack.roots = in.strings("roots", limits::kRootRotations, limits::kRootBytes);
  pack.metadata = read_texts(in, "metadata");
  pack.targets = read_texts(in, "targets");
  FB_TRY(in.done());
  if (encode(pack) == bytes) return pack;
  return Error{ErrorCode::malformed, "the pack is not written as packs are: it was edited"};
}

std::string encode(const Pack& pack) {
  json::Value entries = json::Value::array();
  for (const auto& each : pack.entries) entries.push_back(audit::encode(each));
  return json::pretty({{"format", kFormat},
                       {"release", pack.release.text()},
                       {"checkpoint", pack.checkpoint},
                       {"entries", std::move(entries)},
                       {"manifest", pack.manifest},
                       {"roots", pack.roots},
                       {"metadata", pack.metadata},
                       {"targets", pack.targets}});
}

bool Picker::wants(const audit::Entry& entry) {
  const auto release = entry.data.find("release");
  const auto rollout = entry.data.find("rollout");
  const bool has_rollout = rollout != entry.data.end() && rollout->is_number_integer();
  const std::int64_t id = has_rollout ? rollout->get<std::int64_t>() : 0;
  const bool named = release != entry.data.end() && *release == release_;
  if (named && id != 0 && entry.kind != "report") rollouts_.insert(id);
  if (!named && !rollouts_.contains(id)) return false;
  const bool of_device = entry.kind == "dispatch" || entry.kind == "report";
  return !of_device || devices_ == Devices::named;
}

}  // namespace fb::pack

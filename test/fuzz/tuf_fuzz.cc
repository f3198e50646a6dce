#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "json/json.h"
#include "tuf/metadata.h"
#include "tuf/names.h"

namespace {

// Paths and names of roles become file names: none leaves its folder, each has one spelling.
void try_path(std::string_view text) {
  const auto path = fb::tuf::TargetPath::parse(text);
  FB_CHECK(!path.ok() || fb::tuf::check_target_name(text).ok());
  if (!path.ok()) return;
  FB_CHECK(path->text() == text);
  for (const std::string& segment : path->segments()) FB_CHECK(segment != "." && segment != "..");
}

void try_file_name(std::string_view name) {
  const auto role = fb::tuf::decode_role_file_name(name);
  if (role.ok()) FB_CHECK(fb::tuf::encode_role_file_name(*role) == name);
  const std::string file = fb::tuf::encode_role_file_name(name);
  FB_CHECK(file.find('/') == std::string::npos);
  const auto again = fb::tuf::decode_role_file_name(file);
  FB_CHECK(again.ok() && *again == name);
}

template <class Body>
void try_names(const Body&) {}

void try_names(const fb::tuf::Targets& body) {
  for (const auto& [name, file] : body.targets) {
    try_path(name);
    (void)file.name_hash().ok();
    (void)file.sha256().ok();
    const auto covering = body.delegations.covering(name);
    for (const std::string& role : covering.roles) FB_CHECK(body.delegations.covers(role, name));
  }
  for (const auto& role : body.delegations.roles) try_file_name(role.name);
}

// What decodes keeps its bytes, and its values encode to what decodes to the same values.
template <class Decode>
void try_role(std::string_view bytes, Decode decode) {
  const auto document = decode(bytes);
  if (!document.ok()) return;
  FB_CHECK(document->bytes == bytes);
  FB_CHECK(document->body.version >= 1);
  try_names(document->body);
  const fb::json::Value encoded = encode(document->body);
  const auto file =
      fb::json::compact({{"signed", encoded}, {"signatures", fb::json::Value::array()}});
  const auto again = decode(file);
  // Written out again it may grow over the limit of its role; nothing else may go wrong.
  if (!again.ok())
    FB_CHECK(again.error().code == fb::ErrorCode::too_large);
  else
    FB_CHECK(encode(again->body) == encoded);
}

}  // namespace

// The first byte chooses the role: r(oot), t(imestamp), s(napshot), n(o role: a name of a file or
// a path), anything else targets.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'r': try_role(bytes, fb::tuf::decode_root); break;
    case 't': try_role(bytes, fb::tuf::decode_timestamp); break;
    case 's': try_role(bytes, fb::tuf::decode_snapshot); break;
    case 'n':
      try_path(bytes);
      try_file_name(bytes);
      break;
    default:
      try_role(bytes, [](std::string_view text) { return fb::tuf::decode_targets(text, "core"); });
  }
  return 0;
}

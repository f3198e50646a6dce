#include "statement/log_trust.h"

#include "base/limits.h"
#include "json/reader.h"

namespace fb::statement {
namespace {

constexpr std::size_t kNameBytes = 128;

bool is_name(std::string_view name) {
  return !name.empty() && name.find_first_of(" +") == std::string_view::npos;
}

Result<crypto::PublicKey> decode_ed25519(const json::Value& value) {
  FB_ASSIGN(auto key, crypto::decode_key(value));
  if (key.type == crypto::KeyType::ed25519) return key;
  return Error{ErrorCode::unsupported, "log: checkpoints and cosignatures are Ed25519"};
}

}  // namespace

Result<LogTrust> decode_log_trust(std::string_view bytes) {
  FB_ASSIGN(const json::Value value, json::parse(bytes));
  json::Reader in(value, "log");
  in.literal("format", "firebreak.log/1");
  LogTrust trust;
  trust.origin = in.string("origin", kNameBytes);
  if (!in.failed() && !is_name(trust.origin))
    in.fail("origin", "a name without blanks and plus signs is expected");
  const json::Value& keys = in.raw("keys");
  if (!keys.is_array() || keys.empty() || keys.size() > limits::kLogSigners)
    in.fail("keys", "a list of 1 to 8 public keys is expected");
  std::vector<const json::Value*> witness_keys;
  in.objects("witnesses", limits::kLogSigners, [&](json::Reader& each) {
    trust.witnesses.push_back({each.string("name", kNameBytes), {}});
    witness_keys.push_back(&each.raw("key"));
    if (!is_name(trust.witnesses.back().name))
      each.fail("name", "a name without blanks and plus signs is expected");
  });
  FB_TRY(in.done());
  for (const json::Value& each : keys) {
    FB_ASSIGN(auto key, decode_ed25519(each));
    trust.keys.emplace(key.id(), std::move(key));
  }
  for (std::size_t i = 0; i < witness_keys.size(); ++i) {
    FB_ASSIGN(trust.witnesses[i].key, decode_ed25519(*witness_keys[i]));
  }
  return trust;
}

std::string encode(const LogTrust& trust) {
  json::Value keys = json::Value::array();
  for (const auto& [id, key] : trust.keys) keys.push_back(key.document);
  json::Value witnesses = json::Value::array();
  for (const Witness& each : trust.witnesses)
    witnesses.push_back({{"name", each.name}, {"key", each.key.document}});
  return json::pretty({{"format", "firebreak.log/1"},
                       {"origin", trust.origin},
                       {"keys", std::move(keys)},
                       {"witnesses", std::move(witnesses)}});
}

std::string default_origin(const crypto::PublicKey& key) {
  return "firebreak-log/" + key.id().substr(0, 16);
}

}  // namespace fb::statement

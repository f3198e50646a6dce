#include "policy/key_rotation.h"

#include <algorithm>

#include "base/limits.h"
#include "json/reader.h"

namespace fb::policy {
namespace {

statement::Signers only(const crypto::PublicKey& key) { return {{{key.id(), key}}, {key.id()}, 1}; }

}  // namespace

std::string encode(const KeyRotation& rotation) {
  return json::pretty({{"format", "firebreak.policy-key/1"},
                       {"tenant", rotation.tenant.text()},
                       {"version", rotation.version},
                       {"issued", to_rfc3339(rotation.issued)},
                       {"next", rotation.next.document}});
}

Result<KeyRotation> decode_key_rotation(std::string_view payload) {
  FB_ASSIGN(const json::Value value, json::parse(payload));
  json::Reader in(value, "policy key");
  in.literal("format", "firebreak.policy-key/1");
  KeyRotation rotation;
  rotation.tenant = in.id<TenantId>("tenant");
  rotation.version = in.integer("version", 1, std::int64_t{1} << 53U);
  rotation.issued = in.instant("issued");
  const json::Value& next = in.raw("next");
  if (!in.failed()) {
    auto key = crypto::decode_key(next);
    if (key.ok())
      rotation.next = std::move(key).value();
    else
      in.fail("next", key.error().detail);
  }
  FB_TRY(in.done());
  return rotation;
}

std::string encode_rotations(const std::vector<statement::Envelope>& rotations) {
  json::Value list = json::Value::array();
  for (const auto& each : rotations) list.push_back(statement::encode(each));
  return json::pretty({{"format", "firebreak.policy-keys/1"}, {"rotations", std::move(list)}});
}

Result<std::vector<statement::Envelope>> decode_rotations(std::string_view bytes) {
  FB_ASSIGN(const json::Value value, json::parse(bytes));
  json::Reader in(value, "policy keys");
  in.literal("format", "firebreak.policy-keys/1");
  const json::Value& list = in.raw("rotations");
  if (!in.failed() && (!list.is_array() || list.size() > limits::kPolicyKeyRotations)) {
    in.fail("rotations", "a list of at most " + std::to_string(limits::kPolicyKeyRotations) +
                             " envelopes is expected");
  }
  FB_TRY(in.done());
  std::vector<statement::Envelope> out;
  for (const json::Value& each : list) {
    FB_ASSIGN(auto envelope, statement::decode_envelope(each));
    out.push_back(std::move(envelope));
  }
  return out;
}

Status KeyChain::follow(const statement::Envelope& envelope) {
  const auto by_old = statement::open(envelope, kPolicyKeyType, only(current()));
  if (!by_old.ok()) return by_old.error().in("by the key that counts now");
  FB_ASSIGN(const KeyRotation rotation, decode_key_rotation(*by_old));
  const auto by_new = statement::open(envelope, kPolicyKeyType, only(rotation.next));
  if (!by_new.ok()) return by_new.error().in("by the next key");
  if (rotation.tenant != tenant_)
    return Error{ErrorCode::mismatch, "it is the key of " + rotation.tenant.text()};
  if (rotation.version <= version_) {
    return Error{ErrorCode::rolled_back, "rotation " + std::to_string(rotation.version) +
                                             " after rotation " + std::to_string(version_)};
  }
  if (rotations_.size() >= limits::kPolicyKeyRotations) {
    return Error{ErrorCode::too_many,
                 "more than " + std::to_string(limits::kPolicyKeyRotations) +
                     " rotations; pin the newest key on the devices, the chain begins anew there"};
  }
  keys_.push_back(rotation.next);
  version_ = rotation.version;
  rotations_.push_back(envelope);
  return {};
}

void KeyChain::follow_stored(const std::vector<statement::Envelope>& rotations) {
  for (const auto& each : rotations) static_cast<void>(follow(each).ok());
}

bool KeyChain::knows(const statement::Envelope& rotation) const {
  return std::any_of(rotations_.begin(), rotations_.end(), [&](const statement::Envelope& each) {
    return each.payload == rotation.payload;
  });
}

statement::Signers KeyChain::signers() const { return only(current()); }

statement::Signers KeyChain::past_signers() const {
  statement::Signers out;
  for (const auto& key : keys_) {
    out.keys.emplace(key.id(), key);
    out.authorized.insert(key.id());
  }
  return out;
}

}  // namespace fb::policy

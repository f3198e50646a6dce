#include "statement/envelope.h"

#include "base/bytes.h"
#include "base/limits.h"
#include "json/reader.h"

namespace fb::statement {
namespace {

// PAE of the DSSE protocol: what is signed names its own type and lengths.
std::string pre_authentication(std::string_view type, std::string_view payload) {
  return "DSSEv1 " + std::to_string(type.size()) + " " + std::string(type) + " " +
         std::to_string(payload.size()) + " " + std::string(payload);
}

}  // namespace

std::set<crypto::KeyId> signed_by(const Envelope& envelope, const Signers& signers) {
  return crypto::valid_signers(signers.keys, signers.authorized,
                               pre_authentication(envelope.type, envelope.payload),
                               envelope.signatures);
}

Result<std::string> open(const Envelope& envelope, std::string_view type, const Signers& signers) {
  if (envelope.type != type) {
    return Error{ErrorCode::mismatch, "a statement of type " + envelope.type + " where " +
                                          std::string(type) + " belongs"};
  }
  const auto found = signed_by(envelope, signers);
  if (static_cast<int>(found.size()) >= signers.threshold) return envelope.payload;
  return Error{ErrorCode::bad_signature, std::to_string(found.size()) + " valid signatures of " +
                                             std::to_string(signers.threshold) + " needed, on " +
                                             std::string(type)};
}

Result<Envelope> seal(std::string_view type, std::string payload, const crypto::Signer& signer) {
  return add_signature({std::string(type), std::move(payload), {}}, signer);
}

Result<Envelope> add_signature(Envelope envelope, const crypto::Signer& signer) {
  FB_ASSIGN(auto signature, signer.sign(pre_authentication(envelope.type, envelope.payload)));
  envelope.signatures.push_back({signer.key().id(), std::move(signature)});
  return envelope;
}

json::Value encode(const Envelope& envelope) {
  json::Value signatures = json::Value::array();
  for (const auto& signature : envelope.signatures) {
    signatures.push_back({{"keyid", signature.key}, {"sig", to_base64(signature.bytes)}});
  }
  return {{"payloadType", envelope.type},
          {"payload", to_base64(envelope.payload)},
          {"signatures", std::move(signatures)}};
}

Result<Envelope> decode_envelope(const json::Value& value) {
  json::Reader in(value, "envelope");
  Envelope envelope;
  envelope.type = in.string("payloadType", 128);
  envelope.payload = in.base64("payload", limits::kJsonBytes);
  in.objects("signatures", limits::kSignatures, [&](json::Reader& each) {
    envelope.signatures.push_back({each.string("keyid", 128), each.base64("sig", 1024)});
  });
  FB_TRY(in.done());
  return envelope;
}

Result<Envelope> parse_envelope(std::string_view bytes) {
  FB_ASSIGN(const json::Value value, json::parse(bytes));
  return decode_envelope(value);
}

}  // namespace fb::statement

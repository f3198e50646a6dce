#include "statement/evidence.h"

#include <algorithm>

#include "base/limits.h"
#include "json/reader.h"

namespace fb::statement {
namespace {

constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";
constexpr std::string_view kOpenPgpType = "urn:firebreak:evidence:openpgp-signature:1";
constexpr std::string_view kBegin = "-----BEGIN PGP SIGNATURE-----";
constexpr std::string_view kEnd = "-----END PGP SIGNATURE-----";

bool is_fingerprint(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789ABCDEF") == std::string_view::npos;
}

bool is_plain_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t';
  });
}

Subject read_subject(json::Reader& in) {
  Subject subject;
  std::size_t count = 0;
  in.objects("subject", 1, [&](json::Reader& each) {
    ++count;
    subject.name = each.string("name", 256);
    json::Reader digest = each.object("digest");
    const auto sha256 = Digest::from_hex(digest.string("sha256", 64));
    if (sha256.ok())
      subject.digest = *sha256;
    else
      digest.fail("sha256", sha256.error().detail);
  });
  if (count != 1) in.fail("subject", "exactly one artifact is expected here");
  return subject;
}

OpenPgpSignature read_openpgp(json::Reader in) {
  OpenPgpSignature out{in.string("signature", limits::kOpenPgpBytes), in.string("fingerprint", 64),
                       in.string("verifier", 128)};
  if (const Status armor = check_armor(out.signature); !armor.ok())
    in.fail("signature", armor.error().detail);
  if (!is_fingerprint(out.fingerprint))
    in.fail("fingerprint", "40 or 64 digits of 0-9 A-F are expected");
  return out;
}

json::Value encode_finding(const OpenPgpSignature& finding) {
  return {{"signature", finding.signature},
          {"fingerprint", finding.fingerprint},
          {"verifier", finding.verifier}};
}

}  // namespace

std::string_view predicate_type(const Finding& finding) {
  struct {
    std::string_view operator()(const OpenPgpSignature&) { return kOpenPgpType; }
  } type;
  return std::visit(type, finding);
}

Status check_armor(std::string_view signature) {
  if (signature.size() > limits::kOpenPgpBytes) {
    return Error{ErrorCode::too_large, "a detached signature has at most " +
                                           std::to_string(limits::kOpenPgpBytes) + " bytes"};
  }
  const std::size_t last = signature.find_last_not_of("\r\n");
  const std::string_view text = signature.substr(0, last == std::string_view::npos ? 0 : last + 1);
  const bool one_block = text.starts_with(kBegin) && text.ends_with(kEnd) &&
                         text.find(kBegin, 1) == std::string_view::npos &&
                         text.find(kEnd) == text.size() - kEnd.size();
  if (one_block && is_plain_text(text)) return {};
  return Error{ErrorCode::malformed,
               "not one armored detached signature; `gpg --armor --detach-sign FILE` makes one"};
}

bool names(const release::Manifest& manifest, const Subject& subject) {
  return std::any_of(manifest.artifacts.begin(), manifest.artifacts.end(),
                     [&](const release::Artifact& artifact) {
                       return artifact.name == subject.name && artifact.digest == subject.digest;
                     });
}

json::Value summary(const SignedEvidence& evidence) {
  const Subject& subject = evidence.evidence.subject;
  const Finding& finding = evidence.evidence.finding;
  json::Value out{{"artifact", subject.name},
                  {"digest", subject.digest.text()},
                  {"person", evidence.person.text()},
                  {"predicate_type", predicate_type(finding)}};
  const auto add = [&](const OpenPgpSignature& each) { out["fingerprint"] = each.fingerprint; };
  std::visit(add, finding);
  return out;
}

std::string encode(const Evidence& evidence) {
  json::Value finding =
      std::visit([](const auto& each) { return encode_finding(each); }, evidence.finding);
  json::Value subject{{"name", evidence.subject.name},
                      {"digest", {{"sha256", evidence.subject.digest.hex()}}}};
  return json::pretty({{"_type", kStatementType},
                       {"subject", json::Value::array({std::move(subject)})},
                       {"predicateType", predicate_type(evidence.finding)},
                       {"predicate", std::move(finding)}});
}

Result<Evidence> decode_evidence(std::string_view payload) {
  FB_ASSIGN(const json::Value value,
            json::parse(payload, {limits::kEvidenceBytes, limits::kJsonDepth}));
  json::Reader in(value, "evidence");
  in.literal("_type", kStatementType);
  Subject subject = read_subject(in);
  const std::string type = in.string("predicateType", 256);
  if (!in.failed() && type != kOpenPgpType) {
    return Error{ErrorCode::unsupported,
                 "evidence of type '" + type + "'; known here is " + std::string(kOpenPgpType)};
  }
  OpenPgpSignature finding = read_openpgp(in.object("predicate"));
  FB_TRY(in.done());
  return Evidence{std::move(subject), std::move(finding)};
}

Result<SignedEvidence> verify_evidence(const Envelope& envelope, const People& people) {
  if (envelope.type != kInTotoType) {
    return Error{ErrorCode::mismatch, "a statement of type " + envelope.type + " where " +
                                          std::string(kInTotoType) + " belongs"};
  }
  FB_ASSIGN(const Person* person, signer_of(envelope, kInTotoType, people));
  // One person's word: what else stands there was checked by nobody.
  if (envelope.signatures.size() != 1) {
    return Error{ErrorCode::malformed, "evidence carries one signature, not " +
                                           std::to_string(envelope.signatures.size())};
  }
  FB_ASSIGN(Evidence evidence, decode_evidence(envelope.payload));
  return SignedEvidence{std::move(evidence), person->id, envelope};
}

}  // namespace fb::statement

#include "agent/permit.h"

#include <algorithm>

namespace fb::agent {
namespace {

Error no_permit(const std::string& why) {
  return {ErrorCode::mismatch, "what came is no permit for this start: " + why};
}

Status check_fields(const statement::Permit& permit, const PermitQuestion& question) {
  const wire::PermitAsk& ask = question.ask;
  if (permit.device != question.device)
    return no_permit("it is for device " + permit.device.text());
  if (permit.rollout != ask.rollout) return no_permit("it is for rollout " + permit.rollout.text());
  if (permit.manifest != ask.release)
    return no_permit("it is for release " + permit.manifest.brief());
  if (permit.nonce != ask.nonce)
    return no_permit("it answers another question (its nonce differs)");
  if (permit.purpose != ask.purpose)
    return no_permit("its purpose is " + std::string(word(permit.purpose)));
  return {};
}

Result<statement::Head> check_log(const statement::LogProof& log, const crypto::KeyMap& keys) {
  statement::Signers signers{keys, {}, 1};
  for (const auto& [id, key] : keys) signers.authorized.insert(id);
  FB_ASSIGN(const auto payload,
            statement::open(log.head, statement::kHeadType, signers).in("the permit's log head"));
  FB_ASSIGN(const auto head, statement::decode_head(payload));
  if (log.index < head.size) return head;
  return no_permit("its log head of " + std::to_string(head.size) +
                   " entries does not cover entry " + std::to_string(log.index));
}

}  // namespace

Result<VerifiedPermit> verify_permit(const statement::Envelope& envelope,
                                     const PermitQuestion& question) {
  const tuf::RoleSigners& role = question.rollouts;
  const statement::Signers signers{role.keys, role.keyids, static_cast<int>(role.threshold)};
  FB_ASSIGN(const auto payload,
            statement::open(envelope, statement::kPermitType, signers).in("permit"));
  FB_ASSIGN(auto permit, statement::decode_permit(payload));
  FB_TRY(check_fields(permit, question));
  FB_ASSIGN(const auto head, check_log(permit.log, question.log_keys));
  const Instant latest = std::max(permit.issued, head.issued);
  return VerifiedPermit{std::move(permit), latest};
}

}  // namespace fb::agent

#include "agent/permit.h"

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

}  // namespace

Result<statement::Permit> verify_permit(const statement::Envelope& envelope,
                                        const PermitQuestion& question) {
  const tuf::RoleSigners& role = question.rollouts;
  const statement::Signers signers{role.keys, role.keyids, static_cast<int>(role.threshold)};
  FB_ASSIGN(const auto payload,
            statement::open(envelope, statement::kPermitType, signers).in("permit"));
  FB_ASSIGN(auto permit, statement::decode_permit(payload));
  FB_TRY(check_fields(permit, question));
  return permit;
}

}  // namespace fb::agent

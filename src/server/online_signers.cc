#include "server/online_signers.h"

namespace fb::server {
namespace {

std::string brief_list(const std::vector<std::string>& ids) {
  std::string out;
  for (const std::string& id : ids) out += (out.empty() ? "" : ", ") + id.substr(0, 12);
  return out.empty() ? "none" : out;
}

}  // namespace

Result<tuf::Signers> RoleSigners::named_by(const tuf::RoleKeys& named,
                                           std::string_view role) const {
  tuf::Signers out;
  std::vector<std::string> here;
  for (const auto& signer : all_) {
    here.push_back(signer->key().id());
    if (named.keyids.contains(here.back())) out.push_back(signer.get());
  }
  if (static_cast<std::int64_t>(out.size()) >= named.threshold) return out;
  return Error{ErrorCode::conflict,
               "the metadata names " + brief_list({named.keyids.begin(), named.keyids.end()}) +
                   " for " + std::string(role) + " and wants " + std::to_string(named.threshold) +
                   " of them to sign; this server holds " + brief_list(here) +
                   ". Add the key's file to keys." + std::string(role) +
                   " in its configuration first"};
}

Result<statement::Envelope> RoleSigners::seal(std::string_view type, std::string payload) const {
  statement::Envelope envelope{std::string(type), std::move(payload), {}};
  for (const auto& signer : all_) {
    FB_ASSIGN(envelope, statement::add_signature(std::move(envelope), *signer));
  }
  return envelope;
}

}  // namespace fb::server

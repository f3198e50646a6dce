// MetadataView: what thin devices know of the signed metadata: one TUF client for all of them, of
// the agent's own code, where every real device has its own.
//
// follow() takes each reply's timestamp; what changed is fetched and verified once. One thread.
#pragma once

#include <map>
#include <optional>

#include "agent/metadata.h"
#include "exact/server_process.h"
#include "install/bans.h"
#include "statement/plan.h"
#include "statement/speed.h"
#include "wire/device_api.h"

namespace fb::exact {

class MetadataView {
 public:
  MetadataView(ServerProcess& server, const std::string& root);

  // Errors: those of agent::MetadataStore and of the documents; what was known before stays known.
  Status follow(const wire::CheckInReply& reply);

  [[nodiscard]] const install::Bans& bans() const { return bans_; }
  [[nodiscard]] const statement::SpeedLimits& limits() const { return limits_; }
  [[nodiscard]] Result<tuf::RoleSigners> rollouts_signers() const;
  // The signed plan of a rollout, and the manifest that it names. Errors: not_found, those of the
  // network.
  struct Order {
    statement::Plan plan;
    release::Manifest manifest;
  };
  Result<const Order*> order(RolloutId rollout);

 private:
  Result<std::string> document(const std::string& path, std::string_view role);
  Result<Order> fetch_order(RolloutId rollout);

  ServerProcess& server_;
  sim::MemoryFiles files_;
  agent::MetadataStore metadata_;
  std::string timestamp_;  // followed
  install::Bans bans_;
  statement::SpeedLimits limits_;
  std::map<RolloutId, Order> orders_;
};

}  // namespace fb::exact

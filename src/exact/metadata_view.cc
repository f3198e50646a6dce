#include "exact/metadata_view.h"

#include "agent/staging.h"
#include "release/kind.h"

namespace fb::exact {
namespace {

constexpr const char* kMetadata = "http://server/tuf/metadata";
constexpr const char* kTargets = "http://server/tuf/targets";

}  // namespace

MetadataView::MetadataView(ServerProcess& server, const std::string& root)
    : server_(server), metadata_(files_, server.clock, root) {}

Status MetadataView::follow(const wire::CheckInReply& reply) {
  if (reply.timestamp == timestamp_) return {};
  FB_ASSIGN(const bool full, metadata_.feed_timestamp({reply.timestamp, reply.root_version}));
  if (full) {
    FB_TRY(metadata_.refresh(server_, kMetadata));
    FB_ASSIGN(const auto limits, document(std::string(statement::kLimitsPath), tuf::kTargets));
    FB_ASSIGN(limits_, statement::decode_limits(limits));
    const auto blocked = document(std::string(statement::kBlockedPath), "rollouts");
    if (blocked.ok()) {
      FB_ASSIGN(bans_.blocked, statement::decode_blocked(*blocked));
    } else if (blocked.error().code != ErrorCode::not_found) {
      return blocked.error();
    }
    orders_.clear();
  }
  timestamp_ = reply.timestamp;
  return {};
}

Result<std::string> MetadataView::document(const std::string& path, std::string_view role) {
  FB_ASSIGN(const auto file, tuf::find_target(*metadata_.trusted(), path, role));
  std::vector<agent::MirrorFailure> failures;
  return agent::fetch_target(server_, {kTargets}, {path, file}, failures);
}

Result<tuf::RoleSigners> MetadataView::rollouts_signers() const {
  if (!metadata_.trusted()) return Error{ErrorCode::conflict, "no metadata is trusted yet"};
  return metadata_.trusted()->role_keys("rollouts");
}

Result<const MetadataView::Order*> MetadataView::order(RolloutId rollout) {
  const auto known = orders_.find(rollout);
  if (known != orders_.end()) return &known->second;
  FB_ASSIGN(auto order, fetch_order(rollout));
  return &orders_.emplace(rollout, std::move(order)).first->second;
}

Result<MetadataView::Order> MetadataView::fetch_order(RolloutId rollout) {
  if (!metadata_.trusted()) return Error{ErrorCode::conflict, "no metadata is trusted yet"};
  FB_ASSIGN(const auto plan_bytes, document(statement::plan_path(rollout), "rollouts"));
  FB_ASSIGN(auto plan, statement::decode_plan(plan_bytes));
  FB_ASSIGN(const auto bytes, document(plan.manifest_path, release::owning_role(plan.kind)));
  FB_ASSIGN(auto manifest, release::decode_manifest(bytes));
  return Order{std::move(plan), std::move(manifest)};
}

}  // namespace fb::exact

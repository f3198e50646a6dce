#include "publisher/revocation_orders.h"

#include <algorithm>

#include "base/limits.h"
#include "crypto/sha256.h"
#include "publisher/ceremony.h"
#include "publisher/fields.h"
#include "publisher/ground.h"
#include "publisher/release_view.h"
#include "release/kind.h"
#include "statement/revocation.h"
#include "tuf/metadata.h"

namespace fb::publisher {
namespace {

const std::string kPath(statement::kRevokedPath);

Status check_reason(const std::string& reason) {
  if (!reason.empty() && reason.size() <= limits::kReasonBytes) return {};
  return Error{ErrorCode::bad_usage, "--reason: 1 to " + std::to_string(limits::kReasonBytes) +
                                         " bytes; devices tell it to whoever asks"};
}

Error stands_already(const std::string& what) {
  return {ErrorCode::already_exists, what + " stands in " + kPath + " already"};
}

// Nobody is revoked until the first revocation.
Result<statement::Revocations> list_in_force(Desk& desk, const Request& request) {
  const auto bytes = trust_in_force(desk, request, kPath);
  if (!bytes.ok() && bytes.error().code == ErrorCode::not_found) return statement::Revocations{};
  if (!bytes.ok()) return bytes.error();
  return statement::decode_revocations(*bytes);
}

Result<Request> with_list(Desk& desk, Request request, const statement::Revocations& list) {
  if (list.revoked.size() > limits::kRevocations || list.floors.size() > limits::kFloors ||
      list.unblocked.size() > limits::kRevocations) {
    return Error{ErrorCode::too_many,
                 kPath + " would have more than " + std::to_string(limits::kRevocations) +
                     " revocations or unblocks, or " + std::to_string(limits::kFloors) +
                     " floors, and devices would refuse it; a floor replaces many revocations"};
  }
  const std::string bytes = statement::encode(list);
  FB_ASSIGN([[maybe_unused]] const auto readable, statement::decode_revocations(bytes));
  FB_TRY(propose_trust(desk, request, kPath, bytes));
  return request;
}

Result<Digest> digest_of(Desk& desk, const std::vector<std::string>& words) {
  const auto record = find_release(desk.server, words);
  if (record.ok()) return Digest::parse(text_of(*record, "release"));
  const auto whole = Digest::parse(words.empty() ? "" : words.front());
  if (words.size() == 1 && whole.ok()) return whole;
  return record.error();
}

// A name for the holders to read, where the manifest can be had.
void bring_manifest(Desk& desk, Request& request, const Digest& release) {
  for (const auto& [role, file] : request.current) {
    const auto document = tuf::decode_targets(file, role);
    if (!document.ok()) continue;
    for (const auto& [path, target] : document->body.targets) {
      const auto digest = target.sha256();
      if (!digest.ok() || *digest != release) continue;
      auto bytes = signed_target(desk, path, release);
      if (bytes.ok()) request.contents[release.hex()] = std::move(bytes).value();
    }
  }
}

template <class T>
bool names(const std::vector<T>& list, const Digest& release) {
  return std::any_of(list.begin(), list.end(),
                     [&](const T& each) { return each.manifest == release; });
}

}  // namespace

Result<Request> request_ban(Desk& desk, const RevokeOrder& order) {
  FB_TRY(check_reason(order.reason));
  FB_ASSIGN(const Digest release, digest_of(desk, order.release));
  FB_ASSIGN(Request request, ground(desk));
  FB_ASSIGN(auto list, list_in_force(desk, request));
  if (names(list.revoked, release)) return stands_already("the revocation of " + release.brief());
  list.revoked.push_back({release, desk.clock.wall(), order.reason});
  bring_manifest(desk, request, release);
  return with_list(desk, std::move(request), list);
}

Result<Request> request_floor(Desk& desk, const FloorOrder& order) {
  FB_TRY(check_reason(order.reason));
  FB_ASSIGN(const ComponentId component, ComponentId::parse(order.component));
  FB_ASSIGN(const std::string version, release::parse_version(order.version));
  FB_ASSIGN(Request request, ground(desk));
  FB_ASSIGN(auto list, list_in_force(desk, request));
  const statement::Floor floor{component, version, desk.clock.wall(), order.reason};
  const auto same =
      std::find_if(list.floors.begin(), list.floors.end(),
                   [&](const statement::Floor& each) { return each.component == component; });
  if (same == list.floors.end())
    list.floors.push_back(floor);
  else if (same->version == version)
    return stands_already("the floor " + version + " of " + component.text());
  else
    *same = floor;
  return with_list(desk, std::move(request), list);
}

Result<Request> request_unblock(Desk& desk, const UnblockOrder& order) {
  FB_TRY(check_reason(order.reason));
  FB_ASSIGN(const Digest release, digest_of(desk, order.release));
  FB_ASSIGN(const json::Value record, desk.server.get("/api/v1/rollouts/" + order.rollout.text()));
  if (text_of(record, "release") != release.text()) {
    return Error{ErrorCode::conflict, "rollout " + order.rollout.text() + " carried " +
                                          text_of(record, "component") + " " +
                                          text_of(record, "version") + ", not " + release.brief()};
  }
  if (text_of(record, "halted_at").empty() && text_of(record, "halted_tenant").empty()) {
    return Error{ErrorCode::conflict, "rollout " + order.rollout.text() +
                                          " was not halted: it is " + text_of(record, "state")};
  }
  FB_ASSIGN(Request request, ground(desk));
  FB_ASSIGN(auto list, list_in_force(desk, request));
  if (list.lifts(release, order.rollout))
    return stands_already("the unblock of rollout " + order.rollout.text());
  list.unblocked.push_back({release, order.rollout, desk.clock.wall(), order.reason});
  bring_manifest(desk, request, release);
  return with_list(desk, std::move(request), list);
}

}  // namespace fb::publisher

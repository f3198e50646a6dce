#include "agent/provision.h"

#include "agent/layout.h"
#include "agent/metadata.h"
#include "agent/staging.h"
#include "install/step.h"

namespace fb::agent {
namespace {

constexpr std::size_t kStateBytes = 1U << 20U;

Result<install::State> read_state(port::Files& files, const ComponentId& component) {
  const auto bytes = files.read(layout::state(component), kStateBytes);
  if (!bytes.ok() && bytes.error().code == ErrorCode::not_found) return install::fresh(component);
  if (!bytes.ok()) return bytes.error();
  return install::decode_state(*bytes).in(layout::state(component));
}

// State, then switch; the effects of step() that matter when nothing runs.
Status put_in_place(const install::Slot& slot, const ComponentId& component, ProvisionDoors doors) {
  FB_ASSIGN(auto state, read_state(doors.files, component));
  const install::Now now{doors.clock.wall(), doors.clock.uptime()};
  const auto step = install::step(std::move(state), install::Provisioned{slot}, now);
  FB_TRY(doors.files.write_atomic(layout::state(component), encode(step.next)));
  return doors.files.point(layout::current(component),
                           layout::link_target(component, slot.release));
}

}  // namespace

Result<install::Slot> provision(const Config& config, const std::string& pinned_root,
                                const ProvisionOrder& order, ProvisionDoors doors) {
  const auto component = config.components.find(order.component);
  if (component == config.components.end()) {
    return Error{ErrorCode::bad_usage,
                 "the configuration has no component " + order.component.text()};
  }
  const release::Kind kind = component->second.kind;
  MetadataStore metadata(doors.files, doors.clock, pinned_root, config.carry());
  const Status fresh = metadata.refresh(doors.http, order.repository + "/metadata");
  if (!fresh.ok() && !metadata.trusted()) return fresh.error();
  const std::string path = std::string(release::word(kind)) + "/" + order.component.text() + "/" +
                           order.version + ".manifest.json";
  const auto file = find_target(*metadata.trusted(), path, release::owning_role(kind));
  if (!file.ok()) return fresh.ok() ? file.error() : fresh.error();
  FB_ASSIGN(const Digest release, file->sha256());
  const StagingOrder staging{order.component, kind, component->second.reader,
                             release,         path, {order.repository + "/targets"}};
  const auto outcome = stage(staging, *metadata.trusted(), doors.http, doors.files);
  if (!outcome.manifest) return Error{ErrorCode::mismatch, outcome.sentence};
  const install::Slot slot{release, outcome.manifest->version};
  FB_TRY(put_in_place(slot, order.component, doors));
  return slot;
}

Result<std::vector<install::State>> read_states(const Config& config, port::Files& files) {
  std::vector<install::State> states;
  for (const auto& [id, component] : config.components) {
    FB_ASSIGN(auto state, read_state(files, id));
    states.push_back(std::move(state));
  }
  return states;
}

}  // namespace fb::agent

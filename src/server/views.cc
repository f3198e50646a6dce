#include "server/views.h"

namespace fb::server {
namespace {

json::Value component_view(const wire::ComponentReport& report) {
  json::Value out{{"component", report.component.text()},
                  {"version", report.version},
                  {"ready", report.ready},
                  {"waiting", report.waiting},
                  {"state", report.state}};
  out["active"] = report.active ? json::Value(report.active->text()) : json::Value();
  out["staged"] = report.staged ? json::Value(report.staged->text()) : json::Value();
  return out;
}

json::Value exposures_view(const World& world, DeviceIndex device) {
  json::Value out = json::Value::array();
  for (const auto& [id, run] : world.rollouts->all()) {
    const auto it = run->exposed().find(device);
    if (it == run->exposed().end()) continue;
    const ExposedDevice& each = it->second;
    out.push_back({{"rollout", id.number()},
                   {"release", run->record().release.text()},
                   {"dispatched_at_ms", each.dispatched.ms},
                   {"activated", each.activated},
                   {"healthy", each.healthy},
                   {"harmed", each.harmed},
                   {"silent", each.silent},
                   {"reverted", each.reverted},
                   {"handed_back", each.handed_back}});
  }
  return out;
}

}  // namespace

json::Value status_view(const World& world, const Config& config) {
  json::Value running = json::Value::array();
  for (const auto& [id, run] : world.rollouts->all()) {
    if (run->live() && run->state().phase != rollout::Phase::completed)
      running.push_back(id.number());
  }
  return {{"version", "0.1.0"},
          {"profile", config.profile == rollout::Profile::lab ? "lab" : "standard"},
          {"devices", world.devices.size()},
          {"log", {{"size", world.log->tip().size}, {"root", world.log->tip().root.text()}}},
          {"heartbeat_ms", config.heartbeat_interval().ms},
          {"freshness_ms", config.freshness_interval().ms},
          {"running", std::move(running)}};
}

namespace {

// What any other release of this component has said of its faults, at most: who says less than that
// is watched for less.
Millis longest_said_besides(const World& world, const Digest& digest,
                            const ComponentId& component) {
  Millis most;
  for (const auto& [other, entry] : world.releases->all()) {
    if (other != digest && entry.manifest.component == component)
      most = std::max(most, entry.manifest.health.longest_fault_delay);
  }
  return most;
}

}  // namespace

json::Value release_view(const World& world, const Digest& digest, const ReleaseEntry& entry,
                         Instant now) {
  const auto& manifest = entry.manifest;
  json::Value approvals = json::Value::array();
  json::Value waivers = json::Value::array();
  for (const auto& each : entry.acts) {
    const auto& act = each.act;
    if (act.kind == statement::ActKind::approve) approvals.push_back(act.person.text());
    if (act.kind == statement::ActKind::waive) {
      waivers.push_back({{"gate", act.gate},
                         {"person", act.person.text()},
                         {"reason", act.reason},
                         {"expires", to_rfc3339(act.expires)}});
    }
  }
  json::Value evidence = json::Value::array();
  for (const auto& each : entry.evidence) evidence.push_back(statement::summary(each));
  json::Value rollouts = json::Value::array();
  for (const auto& [id, run] : world.rollouts->all()) {
    if (run->record().release == digest) rollouts.push_back(id.number());
  }
  json::Value revoked, floor;
  if (const auto* ban = world.bans.revoked(digest))
    revoked = {{"since", to_rfc3339(ban->since)}, {"reason", ban->reason}};
  if (const auto* ban = world.bans.floor(manifest)) {
    floor = {{"version", ban->version}, {"since", to_rfc3339(ban->since)}, {"reason", ban->reason}};
  }
  return {{"release", digest.text()},
          {"log_entry", entry.log_index},
          {"component", manifest.component.text()},
          {"kind", word(manifest.kind)},
          {"version", manifest.version},
          {"class", word(manifest.cls)},
          {"author", manifest.author.text()},
          {"created", to_rfc3339(manifest.created)},
          {"notes",
           {{"what", manifest.notes.what},
            {"why", manifest.notes.why},
            {"risk", manifest.notes.risk},
            {"undo", manifest.notes.undo}}},
          {"longest_fault_delay_ms", manifest.health.longest_fault_delay.ms},
          {"longest_fault_delay_of_others_ms",
           longest_said_besides(world, digest, manifest.component).ms},
          {"gates", gate::encode(world.releases->gates(digest, world.devices, world.people, now))},
          {"approvals", std::move(approvals)},
          {"waivers", std::move(waivers)},
          {"evidence", std::move(evidence)},
          {"rollouts", std::move(rollouts)},
          {"blocked", world.rollouts->blocked(digest)},
          {"revoked", std::move(revoked)},
          {"below_floor", std::move(floor)}};
}

json::Value device_view(const World& world, DeviceIndex device, Instant now) {
  const DeviceEntry& entry = world.devices.at(device);
  const bool silent = !entry.last_heard || now - *entry.last_heard > world.silence;
  json::Value components = json::Value::array();
  for (const auto& report : entry.components) components.push_back(component_view(report));
  json::Value out{
      {"device", entry.record.id.text()},
      {"tenant", entry.record.tenant.text()},
      {"ring", word(entry.record.ring)},
      {"os", entry.record.os},
      {"arch", entry.record.arch},
      {"enrolled", to_rfc3339(entry.record.enrolled)},
      {"last_heard", entry.last_heard ? json::Value(to_rfc3339(*entry.last_heard)) : json::Value()},
      {"last_heard_ms_ago",
       entry.last_heard ? json::Value((now - *entry.last_heard).ms) : json::Value()},
      {"components", std::move(components)},
      {"exposures", exposures_view(world, device)}};
  out["silent"] = silent;
  out["last_denial"] = !entry.last_denial
                           ? json::Value()
                           : json::Value{{"rule", entry.last_denial->denial.rule},
                                         {"detail", entry.last_denial->denial.detail},
                                         {"at", to_rfc3339(entry.last_denial->at)}};
  return out;
}

}  // namespace fb::server

#include "server/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace fb::server {
namespace {

void count(prometheus::Registry& registry, const char* name, const char* help,
           std::uint64_t value) {
  prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({}).Increment(
      static_cast<double>(value));
}

void add_rollout(prometheus::Registry& registry, const Decider::RolloutGauges& each) {
  const prometheus::Labels labels{{"rollout", std::to_string(each.rollout)},
                                  {"component", each.component}};
  const auto gauge = [&](const char* name, const char* help, double value) {
    prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(labels).Set(value);
  };
  gauge("firebreak_rollout_exposed", "Devices that hold or used a permit.", each.exposed);
  gauge("firebreak_rollout_limit", "Devices that may be exposed now.", each.limit);
  gauge("firebreak_rollout_harmed", "Exposed devices with an event.", each.harmed);
  gauge("firebreak_rollout_evidence", "Evidence against 'no worse', as x to 1.", each.evidence);
  gauge("firebreak_rollout_halted", "1 when halted.", each.halted ? 1 : 0);
  gauge("firebreak_rollout_tenant_halted", "1 when it was halted for one tenant alone.",
        each.halted_for_one_tenant ? 1 : 0);
}

}  // namespace

std::string render_metrics(const Decider& decider) {
  prometheus::Registry registry;
  const auto& c = decider.counters;
  count(registry, "firebreak_check_ins_total", "Check-ins received.", c.check_ins);
  count(registry, "firebreak_reports_total", "Device events received.", c.reports);
  count(registry, "firebreak_permits_total", "Permits granted, renewals included.", c.permits);
  count(registry, "firebreak_permit_denials_total", "Permits denied.", c.denials);
  count(registry, "firebreak_commits_total", "Durable transactions.", c.commits);
  count(registry, "firebreak_commit_failures_total", "Transactions that could not be made durable.",
        c.failures);
  count(registry, "firebreak_notices_total", "Notices: holds, halts, exhaustions, completions.",
        c.notices);
  count(registry, "firebreak_notices_delivered_total", "Notices that the webhook took.",
        c.delivered);
  for (const auto& each : *decider.role_expiries()) {
    prometheus::BuildGauge()
        .Name("firebreak_role_expires_timestamp_seconds")
        .Help("When the published metadata of a role runs out, in Unix time.")
        .Register(registry)
        .Add({{"role", each.role}})
        .Set(static_cast<double>(each.expires.ms / 1000));
  }
  for (const auto& each : *decider.rollout_gauges()) add_rollout(registry, each);
  return prometheus::TextSerializer().Serialize(registry.Collect());
}

}  // namespace fb::server

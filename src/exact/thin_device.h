// ThinDevice: a device for fleets of thousands. Its decisions are the agent's (install::step), its
// reports go through the agent's outbox, its permits are verified one by one, and every word to the
// server is a request at the router.
//
// What it has in common with its fellows and a real device has not: one view of the metadata. What
// it leaves out: artifacts (the manifest is fetched once), the contract gate and the log's proof on
// the device, processes, and jitter. It speaks in the agent's rhythm, and as hastily as
// Surroundings::telling says.
#pragma once

#include <string>

#include "agent/outbox.h"
#include "agent/rhythm.h"
#include "exact/device.h"
#include "exact/metadata_view.h"
#include "install/step.h"
#include "policy/customer.h"

namespace fb::exact {

class ThinDevice final : public Device {
 public:
  ThinDevice(const Surroundings& around, const Fate& fate, std::int64_t number,
             MetadataView& metadata);

  Status join() override;
  std::optional<Instant> wake() override;

 private:
  void live();
  void hasten();
  [[nodiscard]] Instant due() const;
  void beat();
  void suffer();
  [[nodiscard]] wire::CheckIn report();
  void take_news(const wire::CheckInReply& reply);
  void judge();
  void feed(const install::Event& event);
  void perform(const install::Effect& effect);
  void fetch(const install::Fetch& effect);
  void ask(const install::AskPermit& effect);
  void activate(const install::Activate& effect);
  void fall_back();
  std::optional<port::ServerResponse> post(const std::string& path, std::string body);
  [[nodiscard]] install::Now here() const { return {now(), around_.server.clock.uptime()}; }
  [[nodiscard]] std::string nonce();

  MetadataView& metadata_;
  std::string secret_;
  std::string arch_;
  DeviceId id_;
  sim::MemoryFiles files_;
  agent::Outbox outbox_;
  install::State state_;
  std::optional<policy::Policy> policy_;
  agent::Rhythm rhythm_;
  bool unanswered_ = false;  // a question for a permit
  bool crash_told_ = false;
  bool install_failed_ = false;
  int asked_ = 0;
};

}  // namespace fb::exact

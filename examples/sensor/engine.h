// Runs events through the rules of one channel file. One thread owns an engine.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "channel.h"
#include "event.h"
#include "input_block.h"

namespace sensor {

class Engine {
 public:
  // Precondition: !refusal_of(channel).
  explicit Engine(Channel channel);

  std::uint32_t channel_version() const { return channel_.version; }

  // The rules that match. Rules are tried in order; a rule's tests are tried by field and stop at
  // the first that fails.
  std::vector<const Rule*> scan(const Event& event);

 private:
  bool matches_inputs(const Rule& rule) const;

  Channel channel_;
  std::array<std::vector<const Rule*>, kEventKinds.size()> rules_by_kind_;
  InputBlock inputs_;
};

// Why this build will not run the channel: rules over inputs it does not have, or types that
// differ. 7.12 also asks whether it supplies every field that a rule reads; 7.11 does not, which is
// the other half of its defect.
std::optional<Refusal> refusal_of(const Channel& channel);

// Reads, parses and checks a channel file. Matches no event: a file may load here and still kill a
// running engine.
std::variant<Channel, Refusal> load_channel(const std::string& path);

}  // namespace sensor

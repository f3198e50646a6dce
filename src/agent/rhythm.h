// Rhythm: when an agent speaks to its server next.
//
// Heartbeats come as far apart as the server says. News goes out earlier and puts off no beat: the
// server answers with what is left of the heartbeat, and news that got no answer is told again when
// that beat is due. A beat that got no answer is told again a heartbeat later, or later still where
// heartbeats are short. A value; one thread.
//
//   Rhythm rhythm(now);
//   if (now >= rhythm.due()) { rhythm.spoke(now); … }
//   rhythm.answered(now, reply.next, jitter);             // or: rhythm.missed(now, jitter);
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/time.h"
#include "install/state.h"

namespace fb::agent {

enum class Haste : std::uint8_t { usual, urgent };

// How soon these have to be told; none when there is nothing to tell. Harm is urgent.
std::optional<Haste> haste_of(const std::vector<install::Report>& reports);

class Rhythm {
 public:
  // Makes a pause a little longer or shorter.
  using Jitter = std::function<Millis(Millis)>;

  // Speaks first at `first`. Beats so often until the server says how often.
  explicit Rhythm(Uptime first, Millis heartbeat = seconds(10))
      : due_(first), heartbeat_(heartbeat) {}

  [[nodiscard]] Uptime due() const { return due_; }
  [[nodiscard]] Millis heartbeat() const { return heartbeat_; }

  // Harm goes out at once, other news after a tenth of a heartbeat. While the server does not
  // answer, nothing is earlier than it is due.
  void hasten(Haste haste);
  // A check-in begins; nothing else is due before a heartbeat has passed.
  void spoke(Uptime now);
  // `next` is the server's: the time to the next heartbeat.
  void answered(Uptime now, Millis next, const Jitter& jitter);
  // The pause, before any jitter.
  Millis missed(Uptime now, const Jitter& jitter);
  // Whatever was due: it cannot speak before.
  void resume_at(Uptime then) { due_ = then; }

 private:
  Uptime due_;
  Uptime last_;      // when it spoke
  Uptime expected_;  // by the server
  Millis heartbeat_;
  int failures_ = 0;  // in a row
};

}  // namespace fb::agent

// Notices: what people who are not looking must hear, kept until somebody took it.
//
// A notice is written in the same transaction as the decision it tells of, and removed when the
// webhook has delivered it, so a server that dies in between tells it again after the next start.
// At least once, in order; receivers recognise a repetition by its number. On the decider's thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "server/transaction.h"

namespace fb::server {

struct Notice {
  std::uint64_t number = 0;  // given by Notices; 0: not kept
  std::string event;         // held, halted, exhausted, frozen, completed; expiring, expired
  RolloutId rollout;
  std::string component, version, reason;
  Instant at;
};

// The body of the webhook call, and the stored form: {"id", "event", "rollout", …}.
std::string encode(const Notice& notice);
Result<Notice> decode_notice(const std::string& text);

class Notices {
 public:
  Status load(port::Store& store);
  // Numbers it and stores it. Beyond limits::kNotices the oldest is given up: the state can be read
  // from the API, and the newest alarm matters most.
  void add(Notice& notice, Transaction& tx);
  // It was delivered, or given up.
  void settle(std::uint64_t number, Transaction& tx);
  [[nodiscard]] const std::map<std::uint64_t, Notice>& waiting() const { return waiting_; }

 private:
  std::map<std::uint64_t, Notice> waiting_;
  std::uint64_t last_ = 0;
};

}  // namespace fb::server

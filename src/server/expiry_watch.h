// The expiry watch: says well before a role's metadata runs out that somebody has to sign.
//
// Each role is told once per step as its end comes nearer, and anew after a restart; an online role
// is told when its own renewal, which comes long before, has failed. Offline roles need people, and
// people need days. On the decider's thread.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "server/notices.h"

namespace fb::server {

struct RoleExpiry {
  std::string role;
  Instant expires;
  friend bool operator==(const RoleExpiry&, const RoleExpiry&) = default;
};

class ExpiryWatch {
 public:
  void look(const std::vector<RoleExpiry>& roles, Instant now);
  std::vector<Notice> take_notices() { return std::exchange(notices_, {}); }

 private:
  // Role → the end that was told of, and how near it was when it was told.
  struct Told {
    Instant expires;
    Millis within;
  };
  std::map<std::string, Told> told_;
  std::vector<Notice> notices_;
};

}  // namespace fb::server

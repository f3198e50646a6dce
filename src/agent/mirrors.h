// Mirrors: where targets are served, in the order of trial.
//
// As local root wrote them, the server last. One that failed comes after all that did not, until a
// pause has passed that doubles with each failure in a row; pauses differ from device to device, so
// a mirror that comes back is not met by everybody at once. None is ever left out: the last one to
// try may be the only one that is right. A pure value, main loop or prompt lane.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace fb::agent {

struct MirrorFailure {
  std::string base;
  Error error;
};

class Mirrors {
 public:
  // `who` spreads the pauses.
  Mirrors(const std::vector<std::string>& bases, std::string who);

  [[nodiscard]] std::vector<std::string> in_order(Uptime now) const;
  void served(const std::string& base);
  void failed(const std::string& base, Uptime now);
  void failed(const std::vector<MirrorFailure>& failures, Uptime now);

 private:
  struct Mirror {
    std::string base;
    int failures = 0;  // in a row
    Uptime paused_until;
  };
  Mirror* find(const std::string& base);

  std::vector<Mirror> mirrors_;
  std::string who_;
};

}  // namespace fb::agent

// Line: one device's way to the server, which loses some of what goes over it.
//
// What is lost on the way there the server has never heard; a lost answer belongs to something that
// it has done. Both look alike to the device. Each line has a stream of chances of its own, so what
// one device loses does not depend on what the others say. A line that loses nothing draws nothing.
// One thread.
#pragma once

#include <optional>

#include "exact/server_process.h"
#include "sim/chance.h"

namespace fb::exact {

struct Losses {  // shares, 0 … 1
  double requests = 0;
  double replies = 0;  // of what was heard
};

class Line final : public port::HttpClient {
 public:
  // Server and losses must outlive it; losses may change.
  Line(ServerProcess& server, const Losses& losses, const sim::Chance& chance)
      : server_(server), losses_(losses), chance_(chance) {}

  // As ServerProcess::ask; none when the request or its answer was lost, too.
  std::optional<port::ServerResponse> ask(port::ServerRequest request);
  // The same as a client sees it, files included. Errors: unreachable.
  Result<port::HttpResponse> send(const port::HttpRequest& request) override;

 private:
  [[nodiscard]] bool loses(double share) { return share > 0 && chance_.uniform() < share; }

  ServerProcess& server_;
  const Losses& losses_;
  sim::Chance chance_;
};

}  // namespace fb::exact

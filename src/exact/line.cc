#include "exact/line.h"

#include <utility>

namespace fb::exact {

std::optional<port::ServerResponse> Line::ask(port::ServerRequest request) {
  if (loses(losses_.requests)) return std::nullopt;
  auto answer = server_.ask(std::move(request));
  if (loses(losses_.replies)) return std::nullopt;
  return answer;
}

Result<port::HttpResponse> Line::send(const port::HttpRequest& request) {
  const Error lost{ErrorCode::unreachable, "nothing came back over a line that loses things"};
  if (loses(losses_.requests)) return lost;
  auto answer = server_.send(request);
  if (loses(losses_.replies)) return lost;
  return answer;
}

}  // namespace fb::exact

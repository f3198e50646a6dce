#include "demo/mirror.h"

#include "base/limits.h"
#include "posix/raw_file.h"

namespace fb::demo {

void Mirror::handle(port::ServerRequest request, port::Reply reply) {
  auto bytes = posix::read_file(targets_ + request.path, limits::kManagementBodyBytes * 16);
  if (!bytes.ok()) return reply(refusal(404, bytes.error().detail));
  if (armed_ && request.path.ends_with(".bin") && !bytes->empty()) {
    (*bytes)[bytes->size() / 2] = static_cast<char>((*bytes)[bytes->size() / 2] ^ 1);
    ++lies_;
  }
  port::ServerResponse response;
  response.body = std::move(bytes).value();
  reply(std::move(response));
}

port::ServerResponse Mirror::refusal(int status, std::string_view detail) const {
  port::ServerResponse response;
  response.status = status;
  response.body = std::string(detail) + "\n";
  return response;
}

}  // namespace fb::demo

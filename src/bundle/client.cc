#include "bundle/client.h"

namespace fb::bundle {

Result<port::HttpResponse> Client::send(const port::HttpRequest& request) {
  const std::string base = std::string(kBase) + "/";
  if (!request.url.starts_with(base))
    return Error{ErrorCode::malformed, "'" + request.url + "' is no file of a bundle"};
  const auto reply = [](int status) { return port::HttpResponse{status, {}, {}}; };
  if (request.method != "GET" && request.method != "HEAD") return reply(405);
  const std::string name = request.url.substr(base.size());
  const auto found = archive_->members().find(name);
  if (found == archive_->members().end()) return reply(404);
  const std::uint64_t size = found->second.size;
  const std::uint64_t first = port::first_byte(request);
  if (first > 0 && first >= size) return reply(416);
  port::HttpResponse response = reply(first > 0 ? 206 : 200);
  response.headers["content-length"] = std::to_string(size - first);
  if (request.method == "HEAD") return response;
  if (size - first > request.max_body) {
    return Error{ErrorCode::too_large, name + " has " + std::to_string(size - first) + " bytes; " +
                                           std::to_string(request.max_body) + " are allowed"};
  }
  FB_TRY(archive_->read_pieces(name, first, [&](std::string_view piece) -> Status {
    if (request.sink) return request.sink(piece);
    response.body.append(piece);
    return {};
  }));
  return response;
}

}  // namespace fb::bundle

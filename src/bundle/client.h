// port::HttpClient over a bundle, so that a device reads a bundle through the door through which it
// reads a repository: no second way to come to trust anything.
//
// GET and HEAD of kBase + "/" + member; 404 where there is none, 405 for anything else. Any thread.
#pragma once

#include <memory>
#include <string_view>

#include "bundle/archive.h"
#include "port/http_client.h"

namespace fb::bundle {

inline constexpr std::string_view kBase = "bundle:";

class Client final : public port::HttpClient {
 public:
  explicit Client(std::shared_ptr<const Archive> archive) : archive_(std::move(archive)) {}

  // A header "range: bytes=N-" is answered 206 from that byte on, or 416. Errors: malformed (not
  // below kBase), too_large, io_failed, and whatever the sink returns.
  Result<port::HttpResponse> send(const port::HttpRequest& request) override;

 private:
  std::shared_ptr<const Archive> archive_;
};

}  // namespace fb::bundle

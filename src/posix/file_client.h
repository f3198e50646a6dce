// port::HttpClient over a local directory: GET and HEAD of file:///absolute/path, so that code
// which reads a repository over HTTP reads one on a disk or stick as well. 404 where there is no
// such file; 405 for other methods.
#pragma once

#include "port/http_client.h"

namespace fb::posix {

class FileClient final : public port::HttpClient {
 public:
  // A header "range: bytes=N-" (a download resumed) is answered 206 from that byte on, or 416.
  // Errors: malformed (not a file URL), too_large, io_failed, and whatever the sink returns.
  Result<port::HttpResponse> send(const port::HttpRequest& request) override;
};

}  // namespace fb::posix

// A response on its way out: head and body, or head and a file in chunks.
#pragma once

#include <cstdint>
#include <string>

#include "http/file_descriptor.h"
#include "http/response_head.h"
#include "port/http_server.h"

namespace fb::http {

// What of the request decides the form of its response.
struct Asked {
  bool head = false;  // HEAD: the same without a body
  bool get = false;
  std::string range, if_range, if_none_match;
  After after = After::keep_alive;

  static Asked of(const port::ServerRequest& request, After after);
};

class Outgoing {
 public:
  Outgoing() = default;
  // Works out 206, 304, 404 and 416 for files.
  Outgoing(port::ServerResponse response, const Asked& asked, const port::HttpHandler& handler,
           const std::string& date);

  enum class Progress : std::uint8_t { done, blocked, failed };
  // Sends until everything is gone or the socket takes no more.
  Progress send_to(int socket);
  [[nodiscard]] std::uint64_t sent() const { return total_; }

 private:
  void plain(port::ServerResponse response, const Asked& asked, const std::string& date);
  void file(port::ServerResponse response, const Asked& asked, const std::string& date,
            std::uint64_t size);
  bool load_next_chunk();

  std::string buffer_;
  std::size_t at_ = 0;
  std::uint64_t total_ = 0;
  FileDescriptor file_;
  std::uint64_t file_at_ = 0;
  std::uint64_t file_left_ = 0;
};

}  // namespace fb::http

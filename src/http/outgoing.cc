#include "http/outgoing.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "http/range.h"

namespace fb::http {
namespace {

constexpr std::size_t kChunkBytes = 64U << 10U;

std::string header(const port::ServerRequest& request, const char* name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? std::string() : found->second;
}

std::string etag_of(const port::ServerResponse& response) {
  for (const char* name : {"etag", "ETag"}) {
    const auto found = response.headers.find(name);
    if (found != response.headers.end()) return found->second;
  }
  return "";
}

std::optional<std::uint64_t> size_of_regular(const FileDescriptor& file) {
  struct stat about {};
  if (!file.open() || ::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode))
    return std::nullopt;
  return static_cast<std::uint64_t>(about.st_size);
}

bool has_no_body(int status) { return status == 204 || status == 304; }

}  // namespace

Asked Asked::of(const port::ServerRequest& request, After after) {
  return {.head = request.method == "HEAD",
          .get = request.method == "GET",
          .range = header(request, "range"),
          .if_range = header(request, "if-range"),
          .if_none_match = header(request, "if-none-match"),
          .after = after};
}

Outgoing::Outgoing(port::ServerResponse response, const Asked& asked,
                   const port::HttpHandler& handler, const std::string& date) {
  if (response.file.empty()) {
    plain(std::move(response), asked, date);
    return;
  }
  file_ = FileDescriptor(::open(response.file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const bool crowded = !file_.open() && (errno == EMFILE || errno == ENFILE);
  if (const auto size = size_of_regular(file_)) {
    file(std::move(response), asked, date, *size);
    return;
  }
  file_ = {};
  plain(crowded ? handler.refusal(503, "too many open files; try again later")
                : handler.refusal(404, "there is no such file"),
        asked, date);
}

void Outgoing::plain(port::ServerResponse response, const Asked& asked, const std::string& date) {
  const bool bare = has_no_body(response.status);
  const std::optional<std::uint64_t> length =
      bare ? std::nullopt : std::optional<std::uint64_t>(response.body.size());
  buffer_ = response_head(response, length, asked.after, date);
  if (!asked.head && !bare) buffer_ += response.body;
}

void Outgoing::file(port::ServerResponse response, const Asked& asked, const std::string& date,
                    std::uint64_t size) {
  const std::string etag = etag_of(response);
  const bool found = response.status == 200;
  if (found && (asked.get || asked.head) && names_etag(asked.if_none_match, etag)) {
    response.status = 304;
    file_ = {};
    return plain(std::move(response), asked, date);
  }
  RangeAnswer range{RangeAnswer::Kind::whole, 0, size};
  // If-Range: the client's part is of another version unless the tags are equal.
  if (found && asked.get && (asked.if_range.empty() || asked.if_range == etag))
    range = judge_range(asked.range, size);
  response.headers["accept-ranges"] = "bytes";
  const std::string of_size = "/" + std::to_string(size);
  switch (range.kind) {
    case RangeAnswer::Kind::whole: break;
    case RangeAnswer::Kind::part:
      response.status = 206;
      response.headers["content-range"] = "bytes " + std::to_string(range.first) + "-" +
                                          std::to_string(range.first + range.length - 1) + of_size;
      break;
    case RangeAnswer::Kind::unsatisfiable:
      response.status = 416;
      response.headers["content-range"] = "bytes *" + of_size;
      break;
  }
  buffer_ = response_head(response, range.length, asked.after, date);
  file_at_ = range.first;
  file_left_ = asked.head ? 0 : range.length;
}

Outgoing::Progress Outgoing::send_to(int socket) {
  while (true) {
    while (at_ < buffer_.size()) {
      const int more = file_left_ > 0 ? MSG_MORE : 0;
      const ssize_t sent =
          ::send(socket, buffer_.data() + at_, buffer_.size() - at_, MSG_NOSIGNAL | more);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return errno == EAGAIN ? Progress::blocked : Progress::failed;
      at_ += static_cast<std::size_t>(sent);
      total_ += static_cast<std::uint64_t>(sent);
    }
    if (file_left_ == 0) return Progress::done;
    // A file that became shorter cannot keep the promise of its Content-Length: the connection must
    // break.
    if (!load_next_chunk()) return Progress::failed;
  }
}

bool Outgoing::load_next_chunk() {
  buffer_.resize(std::min<std::uint64_t>(kChunkBytes, file_left_));
  const ssize_t got =
      ::pread(file_.get(), buffer_.data(), buffer_.size(), static_cast<off_t>(file_at_));
  if (got <= 0) return false;
  buffer_.resize(static_cast<std::size_t>(got));
  at_ = 0;
  file_at_ += buffer_.size();
  file_left_ -= buffer_.size();
  return true;
}

}  // namespace fb::http

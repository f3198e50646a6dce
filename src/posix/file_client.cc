#include "posix/file_client.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "posix/descriptor.h"
#include "posix/file_bytes.h"

namespace fb::posix {
namespace {

constexpr std::string_view kScheme = "file://";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> path_of(const std::string& url) {
  const Error wrong{ErrorCode::malformed, "'" + url + "' is not a URL like file:///srv/repository"};
  if (!url.starts_with(kScheme) || url.size() == kScheme.size() || url[kScheme.size()] != '/')
    return wrong;
  std::string path;
  for (std::size_t i = kScheme.size(); i < url.size(); ++i) {
    if (url[i] != '%') {
      path += url[i];
      continue;
    }
    const int high = i + 1 < url.size() ? hex_digit(url[i + 1]) : -1;
    const int low = i + 2 < url.size() ? hex_digit(url[i + 2]) : -1;
    if (high < 0 || low < 0 || high * 16 + low == 0) return wrong;
    path += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return path;
}

port::HttpResponse empty(int status) { return {.status = status, .headers = {}, .body = {}}; }

Result<port::HttpResponse> deliver(const Descriptor& file, const std::string& path,
                                   const port::HttpRequest& request, port::HttpResponse response) {
  std::size_t taken = 0;
  FB_TRY(read_in_pieces(file.get(), path, [&](std::string_view piece) -> Status {
    if (piece.size() > request.max_body - taken) {
      return Error{ErrorCode::too_large, path + " has more than the " +
                                             std::to_string(request.max_body) + " bytes allowed"};
    }
    taken += piece.size();
    if (request.sink) return request.sink(piece);
    response.body.append(piece);
    return {};
  }));
  return response;
}

}  // namespace

Result<port::HttpResponse> FileClient::send(const port::HttpRequest& request) {
  FB_ASSIGN(const std::string path, path_of(request.url));
  if (request.method != "GET" && request.method != "HEAD") return empty(405);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.open() && (errno == ENOENT || errno == ENOTDIR)) return empty(404);
  if (!file.open()) return system_error(errno, "open", path);
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) return system_error(errno, "examine", path);
  if (!S_ISREG(about.st_mode)) return empty(404);

  const auto size = static_cast<std::uint64_t>(about.st_size);
  const std::uint64_t first = port::first_byte(request);
  if (first > 0 && first >= size) return empty(416);
  port::HttpResponse response = empty(first > 0 ? 206 : 200);
  response.headers["content-length"] = std::to_string(size - first);
  if (request.method == "HEAD") return response;
  if (size - first > request.max_body) {
    return Error{ErrorCode::too_large, path + " has " + std::to_string(size - first) + " bytes; " +
                                           std::to_string(request.max_body) + " are allowed"};
  }
  if (::lseek(file.get(), static_cast<off_t>(first), SEEK_SET) < 0)
    return system_error(errno, "seek in", path);
  return deliver(file, path, request, std::move(response));
}

}  // namespace fb::posix

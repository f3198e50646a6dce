#include "publisher/server_client.h"

#include <algorithm>

#include "base/bytes.h"
#include "wire/problem.h"

namespace fb::publisher {
namespace {

// Bundles of the log are the largest answers: 256 entries of at most 64 KiB.
constexpr std::size_t kAnswerBytes = 64U << 20U;
constexpr int kPages = 10'000;
// Of what is refused, however small the file that was asked for.
constexpr std::size_t kProblemBytes = 64U << 10U;
// A line slower than this over a whole file is given up.
constexpr std::int64_t kSlowestBytesPerSecond = 16 << 10;

std::string cursor_of(const json::Value& page) {
  const auto next = page.find("next");
  return next != page.end() && next->is_string() ? next->get<std::string>() : "";
}

}  // namespace

Result<port::HttpResponse> ServerClient::send(port::HttpRequest request) {
  if (address_.url.empty()) {
    return Error{ErrorCode::unreachable,
                 "nobody knows where the server listens: it writes that down when it starts. "
                 "Start it: firebreakd --config server/firebreakd.toml"};
  }
  request.url = address_.url + request.url;
  auto response = http_.send(request);
  if (response.ok() || !offline(response.error())) return response;
  return Error{response.error().code, "the server at " + address_.url + " does not answer: " +
                                          response.error().detail + ". Is firebreakd running?"};
}

Result<std::string> ServerClient::ask_text(port::HttpRequest request) {
  request.headers["authorization"] = "Bearer " + address_.token;
  request.max_body = kAnswerBytes;
  FB_ASSIGN(auto response, send(std::move(request)));
  if (response.status < 200 || response.status > 299)
    return wire::to_error(response.status, response.body);
  return std::move(response.body);
}

Result<json::Value> ServerClient::ask(port::HttpRequest request) {
  FB_ASSIGN(const std::string body, ask_text(std::move(request)));
  if (body.empty()) return json::Value::object();
  return json::parse(body, {.bytes = kAnswerBytes}).in("the server's answer");
}

Result<json::Value> ServerClient::get(std::string_view path) {
  port::HttpRequest request;
  request.url = path;
  return ask(std::move(request));
}

Result<std::string> ServerClient::text(std::string_view path) {
  port::HttpRequest request;
  request.url = path;
  return ask_text(std::move(request));
}

Result<json::Value> ServerClient::post(std::string_view path, const json::Value& body) {
  port::HttpRequest request;
  request.method = "POST";
  request.url = path;
  request.headers["content-type"] = "application/json";
  request.body = json::compact(body);
  return ask(std::move(request));
}

Status ServerClient::put_blob(const Digest& digest, std::string_view bytes) {
  port::HttpRequest request;
  request.method = "PUT";
  request.url = "/api/v1/blobs/" + digest.hex();
  request.headers["content-type"] = "application/octet-stream";
  request.body = bytes;
  request.timeout = minutes(5);  // an artifact over a slow line
  const auto answer = ask(std::move(request));
  return answer.ok() ? Status() : answer.error();
}

Result<json::Value> ServerClient::list(std::string_view path, const std::string& name) {
  json::Value all = json::Value::array();
  std::string cursor;
  for (int page = 0; page < kPages; ++page) {
    const std::string query = cursor.empty() ? "" : "?cursor=" + escaped(cursor);
    FB_ASSIGN(const json::Value answer, get(std::string(path) + query));
    const auto found = answer.find(name);
    if (found == answer.end() || !found->is_array()) {
      return Error{ErrorCode::malformed,
                   "the server's answer to " + std::string(path) + " has no list '" + name + "'"};
    }
    all.insert(all.end(), found->begin(), found->end());
    cursor = cursor_of(answer);
    if (cursor.empty()) return all;
  }
  return Error{ErrorCode::too_large, "the list at " + std::string(path) + " does not end"};
}

Result<std::string> ServerClient::static_file(std::string_view path, std::size_t max_bytes) {
  port::HttpRequest request;
  request.url = "/tuf/" + std::string(path);
  request.max_body = max_bytes;
  FB_ASSIGN(auto response, send(std::move(request)));
  if (response.status == 200) return std::move(response.body);
  return wire::to_error(response.status, response.body).in("/tuf/" + std::string(path));
}

Status ServerClient::stream_static_file(std::string_view path, std::uint64_t size,
                                        const Sink& sink) {
  port::HttpRequest request;
  request.url = "/tuf/" + std::string(path);
  request.max_body = std::max(static_cast<std::size_t>(size), kProblemBytes);
  request.timeout = seconds(30 + static_cast<std::int64_t>(size) / kSlowestBytesPerSecond);
  request.sink = sink;
  FB_ASSIGN(const auto response, send(std::move(request)));
  if (response.status == 200) return {};
  return wire::to_error(response.status, response.body).in("/tuf/" + std::string(path));
}

bool offline(const Error& error) {
  return error.code == ErrorCode::unreachable || error.code == ErrorCode::timed_out;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    out += plain ? std::string(1, c) : "%" + to_hex(std::string_view(&c, 1));
  }
  return out;
}

}  // namespace fb::publisher

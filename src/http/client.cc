#include "http/client.h"

#include <array>
#include <optional>

#include "http/client_socket.h"
#include "http/lower_case.h"
#include "http/response_parser.h"
#include "http/url.h"

namespace fb::http {
namespace {

constexpr std::size_t kBufferBytes = 16U << 10U;

bool breaks_lines(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

bool is_ours(const std::string& name) {
  const std::string lower = lower_case(name);
  return lower == "host" || lower == "content-length" || lower == "connection" ||
         lower == "transfer-encoding" || lower == "user-agent";
}

Result<std::string> request_text(const port::HttpRequest& request, const Url& url,
                                 const std::string& user_agent) {
  std::string text = request.method + " " + url.target + " HTTP/1.1\r\nhost: " + url.authority +
                     "\r\nuser-agent: " + user_agent + "\r\n";
  for (const auto& [name, value] : request.headers) {
    if (breaks_lines(name) || breaks_lines(value))
      return Error{ErrorCode::bad_usage, "request header '" + name + "' contains a line break"};
    if (!is_ours(name)) text.append(name).append(": ").append(value).append("\r\n");
  }
  if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD"))
    text.append("content-length: ").append(std::to_string(request.body.size())).append("\r\n");
  return text.append("\r\n").append(request.body);
}

}  // namespace

struct Client::Connection {
  std::string authority;
  ClientSocket socket;
};

Client::Client(std::string user_agent) : user_agent_(std::move(user_agent)) {}
Client::~Client() = default;

namespace {

// One attempt on one connection.
class Exchange {
 public:
  Exchange(ClientSocket& socket, const port::HttpRequest& request, const Deadline& deadline)
      : socket_(socket),
        deadline_(deadline),
        parser_(request.method == "HEAD" ? Answers::head : Answers::other, request.max_body,
                request.sink) {}

  // Not one byte of a response had come: on a kept connection that means it was closed while idle.
  [[nodiscard]] bool unanswered() const { return !heard_; }
  [[nodiscard]] bool keep_alive() const { return reusable_; }

  Result<port::HttpResponse> run(const std::string& text) {
    // A server may answer and close before it has read all: then sending fails, and the answer is
    // there nevertheless.
    Status sent = socket_.send(text, deadline_);
    if (!sent.ok() && sent.error().code == ErrorCode::timed_out) return sent.error();
    Status received = receive_all();
    if (!received.ok()) return sent.ok() || heard_ ? received.error() : sent.error();
    reusable_ = sent.ok() && !closed_ && parser_.keep_alive() && pending_.empty();
    return parser_.take();
  }

 private:
  Status receive_all() {
    std::array<char, kBufferBytes> buffer{};
    while (!parser_.complete()) {
      FB_ASSIGN(const std::size_t got, socket_.receive(buffer.data(), buffer.size(), deadline_));
      if (got == 0) {
        closed_ = true;
        return parser_.end();
      }
      heard_ = true;
      pending_.append(buffer.data(), got);
      FB_ASSIGN(const std::size_t eaten, parser_.feed(pending_));
      pending_.erase(0, eaten);
    }
    return {};
  }

  ClientSocket& socket_;
  const Deadline& deadline_;
  ResponseParser parser_;
  std::string pending_;
  bool heard_ = false;
  bool closed_ = false;
  bool reusable_ = false;
};

}  // namespace

Result<port::HttpResponse> Client::send(const port::HttpRequest& request) {
  return exchange(request).in(request.method + " " + request.url);
}

Result<port::HttpResponse> Client::exchange(const port::HttpRequest& request) {
  FB_ASSIGN(const Url url, parse_url(request.url));
  FB_ASSIGN(const std::string text, request_text(request, url, user_agent_));
  const Deadline deadline(request.timeout);
  std::unique_ptr<Connection> connection = std::move(kept_);
  if (connection && (connection->authority != url.authority || connection->socket.stale()))
    connection.reset();
  const bool was_kept = connection != nullptr;
  for (bool again = was_kept;; again = false) {
    if (connection == nullptr) {
      FB_ASSIGN(ClientSocket socket, ClientSocket::connect(url, deadline));
      connection = std::make_unique<Connection>(Connection{url.authority, std::move(socket)});
    }
    Exchange attempt(connection->socket, request, deadline);
    auto response = attempt.run(text);
    if (response.ok() && attempt.keep_alive()) kept_ = std::move(connection);
    const bool closed_while_idle =
        !response.ok() && attempt.unanswered() && response.error().code == ErrorCode::unreachable;
    if (!again || !closed_while_idle) return response;
    connection.reset();
  }
}

}  // namespace fb::http

#include "http/request_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <optional>

#include "base/check.h"
#include "http/lower_case.h"
#include "http/target.h"

namespace fb::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;
using beast::string_view;
using beast::http::error;

// Room for a chunk's header and extensions; a longer one is somebody burning our memory.
constexpr std::size_t kChunkHeaderBytes = 4096;

std::string_view view(string_view text) { return {text.data(), text.size()}; }

// Writes what Beast recognises straight into the request.
class Fields final : public beast::http::basic_parser<true> {
 public:
  explicit Fields(port::ServerRequest& request) : request_(request) {}

  std::string target;
  int version = 0;
  std::size_t body_limit_bytes = 0;

 private:
  void on_request_impl(beast::http::verb, string_view method, string_view text, int number,
                       error_code&) override {
    request_.method = view(method);
    target = view(text);
    version = number;
  }
  void on_response_impl(int, string_view, int, error_code&) override { FB_CHECK(false); }
  void on_field_impl(beast::http::field, string_view name, string_view value,
                     error_code& failed) override {
    const auto [entry, added] = request_.headers.emplace(lower_case(view(name)), view(value));
    if (added) return;
    if (entry->first == "host")
      failed = error::bad_field;  // two hosts: two readers may see two requests
    entry->second.append(entry->first == "cookie" ? "; " : ", ").append(view(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view bytes, error_code& failed) override {
    if (bytes.size() > body_limit_bytes - request_.body.size()) {
      failed = error::body_limit;
      return 0;
    }
    request_.body.append(view(bytes));
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code& failed) override {
    return on_body_impl(bytes, failed);
  }
  void on_finish_impl(error_code&) override {}

  port::ServerRequest& request_;
};

}  // namespace

struct RequestParser::Grammar {
  std::optional<Fields> fields;

  void begin(port::ServerRequest& request, std::size_t header_bytes) {
    fields.emplace(request);
    fields->header_limit(static_cast<std::uint32_t>(header_bytes));
    fields->body_limit(boost::none);  // accept_body() and on_body_impl() judge it
  }
};

RequestParser::RequestParser(std::size_t header_bytes)
    : header_bytes_(header_bytes), grammar_(std::make_unique<Grammar>()) {
  grammar_->begin(request_, header_bytes_);
}
RequestParser::~RequestParser() = default;

std::size_t RequestParser::feed(std::string_view bytes) {
  std::size_t eaten = 0;
  Fields& fields = *grammar_->fields;
  while (eaten < bytes.size() && (state_ == State::head || state_ == State::body)) {
    error_code failed;
    const std::size_t step =
        fields.put(boost::asio::const_buffer(bytes.data() + eaten, bytes.size() - eaten), failed);
    eaten += step;
    if (failed == error::need_more) {
      if (state_ == State::body && bytes.size() - eaten > kChunkHeaderBytes)
        refuse(400, "a chunk header that does not end");
      break;
    }
    if (failed == error::header_limit) {
      refuse(431,
             "request line and headers have more than " + std::to_string(header_bytes_) + " bytes");
    } else if (failed == error::body_limit) {
      refuse(413, "the body has more than " + std::to_string(fields.body_limit_bytes) + " bytes");
    } else if (failed) {
      refuse(400, failed.message());
    } else if (state_ == State::head) {
      if (fields.is_header_done()) finish_head();
    } else if (fields.is_done()) {
      state_ = State::complete;
    }
  }
  return eaten;
}

void RequestParser::finish_head() {
  const Fields& fields = *grammar_->fields;
  if (fields.version != 10 && fields.version != 11) return refuse(400, "not HTTP/1.0 or HTTP/1.1");
  if (fields.version == 11 && !request_.headers.contains("host"))
    return refuse(400, "no Host header");
  // A coding that we do not undo would leave the end of the body to guessing.
  if (request_.headers.contains("transfer-encoding") && !fields.chunked())
    return refuse(400, "a transfer coding other than chunked");
  auto target = parse_target(fields.target);
  if (!target.ok()) return refuse(400, target.error().detail);
  request_.path = std::move(target->path);
  request_.query = std::move(target->query);
  state_ = State::headed;
}

void RequestParser::accept_body(std::size_t limit) {
  FB_CHECK(state_ == State::headed);
  Fields& fields = *grammar_->fields;
  fields.body_limit_bytes = limit;
  const auto length = fields.content_length();
  if (length && *length > limit) {
    return refuse(413, "the body has " + std::to_string(*length) + " bytes; at most " +
                           std::to_string(limit) + " are accepted here");
  }
  state_ = fields.is_done() ? State::complete : State::body;
}

bool RequestParser::keep_alive() const { return grammar_->fields->keep_alive(); }

bool RequestParser::expects_continue() const {
  const auto expect = request_.headers.find("expect");
  return expect != request_.headers.end() && lower_case(expect->second) == "100-continue";
}

port::ServerRequest RequestParser::take() {
  port::ServerRequest taken = std::move(request_);
  request_ = {};
  state_ = State::head;
  grammar_->begin(request_, header_bytes_);
  return taken;
}

void RequestParser::refuse(int status, std::string_view reason) {
  state_ = State::refused;
  status_ = status;
  reason_ = reason;
}

}  // namespace fb::http

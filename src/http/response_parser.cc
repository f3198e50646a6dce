#include "http/response_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <optional>

#include "base/check.h"
#include "http/lower_case.h"

namespace fb::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;
using beast::string_view;
using beast::http::error;

std::string_view view(string_view text) { return {text.data(), text.size()}; }

constexpr std::uint32_t kHeaderBytes = 32U << 10U;
// 100 Continue and 103 Early Hints come before the response proper; more of them than this is a
// game.
constexpr int kInterimResponses = 8;

class Fields final : public beast::http::basic_parser<false> {
 public:
  Fields(std::size_t max_body, const std::function<Status(std::string_view)>& sink)
      : max_body_(max_body), sink_(sink) {
    header_limit(kHeaderBytes);
    body_limit(boost::none);
  }

  port::HttpResponse response;
  std::optional<Error> problem;  // told better than an error_code can

 private:
  void on_request_impl(beast::http::verb, string_view, string_view, int, error_code&) override {
    FB_CHECK(false);
  }
  void on_response_impl(int status, string_view, int, error_code&) override {
    response.status = status;
  }
  void on_field_impl(beast::http::field, string_view name, string_view value,
                     error_code&) override {
    const auto [entry, added] = response.headers.emplace(lower_case(view(name)), view(value));
    if (!added) entry->second.append(", ").append(view(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length,
                         error_code& failed) override {
    if (length && *length > max_body_) give_up(too_large(), failed);
  }
  std::size_t on_body_impl(string_view bytes, error_code& failed) override {
    if (bytes.size() > max_body_ - received_) {
      give_up(too_large(), failed);
      return 0;
    }
    received_ += bytes.size();
    if (!sink_ || response.status < 200 || response.status > 299) {
      response.body.append(view(bytes));
    } else if (Status taken = sink_(view(bytes)); !taken.ok()) {
      give_up(taken.error(), failed);
    }
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code& failed) override {
    return on_body_impl(bytes, failed);
  }
  void on_finish_impl(error_code&) override {}

  [[nodiscard]] Error too_large() const {
    return {ErrorCode::too_large,
            "the response has more than the " + std::to_string(max_body_) + " bytes allowed"};
  }
  void give_up(Error error, error_code& failed) {
    problem = std::move(error);
    failed = error::body_limit;
  }

  std::size_t max_body_;
  std::size_t received_ = 0;
  const std::function<Status(std::string_view)>& sink_;
};

}  // namespace

struct ResponseParser::Grammar {
  bool to_head;
  std::size_t max_body;
  std::function<Status(std::string_view)> sink;
  std::optional<Fields> fields;
  int interim = 0;

  void begin() {
    fields.emplace(max_body, sink);
    if (to_head) fields->skip(true);
  }
  [[nodiscard]] bool is_interim() const {
    return fields->is_done() && fields->response.status / 100 == 1;
  }
};

ResponseParser::ResponseParser(Answers answers, std::size_t max_body,
                               std::function<Status(std::string_view)> sink)
    : grammar_(std::make_unique<Grammar>()) {
  grammar_->to_head = answers == Answers::head;
  grammar_->max_body = max_body;
  grammar_->sink = std::move(sink);
  grammar_->begin();
}
ResponseParser::~ResponseParser() = default;

Result<std::size_t> ResponseParser::feed(std::string_view bytes) {
  std::size_t eaten = 0;
  while (eaten < bytes.size() && !complete()) {
    error_code failed;
    Fields& fields = *grammar_->fields;
    eaten +=
        fields.put(boost::asio::const_buffer(bytes.data() + eaten, bytes.size() - eaten), failed);
    if (fields.problem) return *fields.problem;
    if (failed == error::need_more) {
      if (bytes.size() - eaten > kHeaderBytes)
        return Error{ErrorCode::malformed, "not an HTTP response: a line that does not end"};
      break;
    }
    if (failed) return Error{ErrorCode::malformed, "not an HTTP response: " + failed.message()};
    if (!grammar_->is_interim()) continue;
    if (++grammar_->interim > kInterimResponses)
      return Error{ErrorCode::malformed, "too many interim responses"};
    grammar_->begin();
  }
  return eaten;
}

Status ResponseParser::end() {
  error_code failed;
  Fields& fields = *grammar_->fields;
  const Error cut{ErrorCode::unreachable, "the connection ended in the middle of the response"};
  if (!fields.got_some()) return cut;
  fields.put_eof(failed);
  if (failed) return cut;
  return {};
}

bool ResponseParser::complete() const {
  return grammar_->fields->is_done() && !grammar_->is_interim();
}

bool ResponseParser::keep_alive() const { return grammar_->fields->keep_alive(); }

port::HttpResponse ResponseParser::take() { return std::move(grammar_->fields->response); }

}  // namespace fb::http

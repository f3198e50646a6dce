#include "server/answers.h"

namespace fb::server {
namespace {

port::ServerResponse answer(int status, std::string_view type, std::string body) {
  port::ServerResponse out;
  out.status = status;
  out.headers["content-type"] = type;
  out.body = std::move(body);
  return out;
}

port::ServerResponse answer(const wire::Problem& problem) {
  return answer(problem.status, wire::kProblemType, wire::encode(problem));
}

}  // namespace

port::ServerResponse json_answer(int status, std::string body) {
  return answer(status, "application/json", std::move(body));
}

port::ServerResponse json_answer(int status, const json::Value& value) {
  return json_answer(status, json::compact(value));
}

port::ServerResponse text_answer(std::string_view type, std::string body) {
  return answer(200, type, std::move(body));
}

port::ServerResponse problem_answer(const Error& error) { return answer(wire::problem(error)); }

port::ServerResponse problem_answer(int status, std::string_view detail) {
  return answer(wire::problem(status, detail));
}

std::string bearer(const port::ServerRequest& request) {
  const auto it = request.headers.find("authorization");
  constexpr std::string_view kPrefix = "Bearer ";
  if (it == request.headers.end() || !it->second.starts_with(kPrefix)) return "";
  return it->second.substr(kPrefix.size());
}

}  // namespace fb::server

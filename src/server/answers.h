// Answers in the shape of our HTTP interfaces: JSON documents, problems, bytes.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "json/json.h"
#include "port/http_server.h"
#include "wire/problem.h"

namespace fb::server {

port::ServerResponse json_answer(int status, std::string body);
port::ServerResponse json_answer(int status, const json::Value& value);
port::ServerResponse text_answer(std::string_view type, std::string body);
port::ServerResponse problem_answer(const Error& error);
port::ServerResponse problem_answer(int status, std::string_view detail);

// The secret in "Authorization: Bearer <secret>"; empty when there is none.
std::string bearer(const port::ServerRequest& request);

}  // namespace fb::server

// What a command has to say: yes or no, a text for people and the same as JSON for programs.
//
// A "no" is a verdict with its reasons in the text (a closed gate, a broken log). What could not be
// done is an Error.
#pragma once

#include <cstdint>
#include <string>

#include "json/json.h"

namespace fb::publisher {

enum class Answer : std::uint8_t { yes, no };

struct Outcome {
  Answer answer = Answer::yes;
  std::string text;  // complete lines
  json::Value document = json::Value::object();
};

}  // namespace fb::publisher

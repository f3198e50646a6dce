// The demo: five chapters and a closing table, with real programs from end to end.
#pragma once

#include <functional>
#include <string>

#include "demo/stage.h"
#include "demo/tally.h"

namespace fb::demo {

// Where the story is told: `line` for what stays, `progress` for what is overwritten (or left out,
// without a terminal).
struct Teller {
  std::function<void(const std::string&)> line;
  std::function<void(const std::string&)> progress;
};

// Plays it on a stage that is set up. Errors: the chapter that did not go as told, and why.
Result<Tally> play(Stage& stage, const Teller& teller);

}  // namespace fb::demo

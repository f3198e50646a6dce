// Page: one simulated rollout and the other rules beside it, as a web page for people who would
// rather look than read. One file, SVG inside, no script and no network.
#pragma once

#include <string>
#include <vector>

#include "sim/simulation.h"

namespace fb::sim {

struct Picture {
  std::string title;
  std::string sentence;         // the rule's last word
  std::vector<Moment> moments;  // of one run under Firebreak's rule
  std::vector<Summary> rules;   // Firebreak's first
  double halt_at = 1000;
  std::string command;  // that draws the same again
};

std::string page(const Picture& picture);

}  // namespace fb::sim

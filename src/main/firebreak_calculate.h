// The verbs `bound` and `evidence` of `firebreak rollout`: calculators that ask no server.
#pragma once

#include "main/firebreak.h"

namespace fb::cli {

void register_calculators(CLI::App* noun, Program& program);

}  // namespace fb::cli

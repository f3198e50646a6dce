// What one person orders of a rollout: commands of the noun `rollout`.
#pragma once

#include "main/firebreak.h"

namespace fb::cli {

void register_orders(CLI::App* noun, Program& program);

}  // namespace fb::cli

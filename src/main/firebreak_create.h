// firebreak release create: from files and options to a draft.
#pragma once

#include "main/firebreak.h"

namespace fb::cli {

void register_create(CLI::App* noun, Program& program);

}  // namespace fb::cli

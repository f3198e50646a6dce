// firebreak demo
#include "main/firebreak.h"

namespace fb::cli {

void register_demo(CLI::App&, Program&) {}

}  // namespace fb::cli

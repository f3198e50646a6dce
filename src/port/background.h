// The door for work that blocks: network, hashing, trial loads.
//
// `job` runs somewhere else, one after another in the order given; the function it returns runs on
// the owner's main loop. An empty one: nothing does. Tests run both at once, in place.
#pragma once

#include <functional>

namespace fb::port {

using Completion = std::function<void()>;
using Background = std::function<void(std::function<Completion()> job)>;

}  // namespace fb::port

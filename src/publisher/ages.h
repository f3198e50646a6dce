// How long ago something was, in one unit that people take in at a glance.
#pragma once

#include <string>

#include "base/time.h"

namespace fb::publisher {

// "12 s", "7 min", "3 h", "9 days"; rounded down, never below zero.
std::string age_in_words(Millis age);

}  // namespace fb::publisher

// CHECK: a broken invariant of ours ends the process.
//
// Always on, in every build. Prints the place and the expression, then aborts; whatever had to
// survive is already durable. Never used for bad input (Error) and never for a "no" of the product
// (a verdict).
#pragma once

namespace fb {

[[noreturn]] void check_failed(const char* file, int line, const char* expression);

}  // namespace fb

#define FB_CHECK(expression)                                                \
  do {                                                                      \
    if (!(expression)) ::fb::check_failed(__FILE__, __LINE__, #expression); \
  } while (false)

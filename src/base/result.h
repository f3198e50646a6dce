// Result<T>: a value or an Error. Dropping one does not compile.
//
//   Result<Digest> parse_digest(std::string_view text);
//
//   Result<Manifest> load(std::string_view bytes) {
//     FB_ASSIGN(const auto value, json::parse(bytes));   // returns the Error to our caller
//     FB_TRY(check_version(value));                      // the same for Result<void>
//     return decode(value);
//   }
#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/error.h"

namespace fb {

template <class T = void>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const { return held_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    FB_CHECK(ok());
    return std::get<0>(held_);
  }
  const T& value() const& {
    FB_CHECK(ok());
    return std::get<0>(held_);
  }
  T&& value() && {
    FB_CHECK(ok());
    return std::get<0>(std::move(held_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const {
    FB_CHECK(!ok());
    return std::get<1>(held_);
  }

  // Adds where it happened to the error, if there is one: load(path).in(path).
  [[nodiscard]] Result in(std::string_view where) && {
    if (ok()) return std::move(*this);
    return error().in(where);
  }

 private:
  std::variant<T, Error> held_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const Error& error() const {
    FB_CHECK(error_.has_value());
    return *error_;
  }
  [[nodiscard]] Result in(std::string_view where) && {
    if (ok()) return {};
    return error().in(where);
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace fb

#define FB_JOIN_INNER(a, b) a##b
#define FB_JOIN(a, b) FB_JOIN_INNER(a, b)

// Evaluates a Result<void>; on an error, returns it from the enclosing function.
#define FB_TRY(expression)                                                        \
  do {                                                                            \
    if (auto fb_status = (expression); !fb_status.ok()) return fb_status.error(); \
  } while (false)

// Declares `declaration` from the value of a Result; on an error, returns it from the enclosing
// function.
#define FB_ASSIGN(declaration, expression) \
  FB_ASSIGN_INNER(FB_JOIN(fb_result_, __LINE__), declaration, expression)
#define FB_ASSIGN_INNER(result, declaration, expression) \
  auto result = (expression);                            \
  if (!result.ok()) return result.error();               \
  declaration = std::move(result).value()

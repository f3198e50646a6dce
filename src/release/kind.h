// What a component is and why a release exists: the closed words of the glossary.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace fb::release {

enum class Kind : std::uint8_t { core, content, config, flags };
enum class Class : std::uint8_t { feature, fix, security, emergency };

std::string_view word(Kind kind);
std::string_view word(Class cls);
const std::vector<std::pair<std::string_view, Kind>>& kind_words();
const std::vector<std::pair<std::string_view, Class>>& class_words();

// The TUF role that signs releases of this kind (DESIGN: content keys cannot sign core): core,
// content or flags.
std::string_view owning_role(Kind kind);

// "290", "7.11", "2024-07-19.1": 1 to 64 of A-Z a-z 0-9 . _ - +, starting with a letter or digit.
// Errors: malformed.
Result<std::string> parse_version(std::string_view text);
// Whether version `a` comes before version `b`: runs of digits compare as numbers, everything else
// byte by byte, and what ends first comes first, except that what follows with '-' is a preliminary
// version of it: 7.9 < 7.11-rc1 < 7.11 < 7.11.1. A total order for what parse_version() accepts, up
// to leading zeros.
bool version_before(std::string_view a, std::string_view b);
// The name of an artifact inside its release: as a version, and neither "manifest.json" nor
// anything with "..".
Result<std::string> parse_artifact_name(std::string_view text);

}  // namespace fb::release

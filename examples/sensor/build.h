// What tells the two builds of the engine apart. 7.11 is the build of July 2024: its integration
// code was never taught the 21st input of the ipc type, and its matcher believes the count that a
// channel file declares. 7.12 is the fix.
#pragma once

#include <cstddef>
#include <string_view>

namespace sensor {

enum class FieldBound { kTrusted, kChecked };

#if SENSOR_BUILD == 711
inline constexpr std::string_view kBuildName = "7.11";
inline constexpr std::size_t kIpcInputs = 20;
inline constexpr FieldBound kFieldBound = FieldBound::kTrusted;
#elif SENSOR_BUILD == 712
inline constexpr std::string_view kBuildName = "7.12";
inline constexpr std::size_t kIpcInputs = 21;
inline constexpr FieldBound kFieldBound = FieldBound::kChecked;
#else
#error "SENSOR_BUILD names no build of the engine"
#endif

}  // namespace sensor

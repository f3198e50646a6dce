// The limits of every JSON document. Apart from limits.h because json.h stands in every header: a
// new limit elsewhere then rebuilds only who asks for it.
#pragma once

#include <cstddef>

namespace fb::limits {

// Nothing of ours nests deeper than 12.
inline constexpr std::size_t kJsonDepth = 32;
// TUF metadata of a large repository is the largest document.
inline constexpr std::size_t kJsonBytes = 1U << 20U;

}  // namespace fb::limits

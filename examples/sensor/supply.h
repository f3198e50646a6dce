// The integration code: which of an event's fields this build hands to the matcher, and the
// contract that says so.
#pragma once

#include <span>
#include <string>

#include "event.h"

namespace sensor {

// The leading fields of the schema that this build supplies.
std::span<const FieldSchema> supplied_fields(EventKind kind);

// JSON in the format firebreak.contract/1, derived from supplied_fields and the limits of
// channel.h.
std::string contract_json();

}  // namespace sensor

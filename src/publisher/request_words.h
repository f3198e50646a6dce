// What a signing request asks for, in words: every difference between what is in force and what is
// proposed.
//
// The words are complete: a member of the signed part that has no sentence of its own is shown as
// it stands, so nothing can be slipped past a holder in a field that this program does not know.
// Foreign text is stripped of control characters, so that no request can paint over another line
// of a terminal.
#pragma once

#include <string>

#include "base/result.h"
#include "publisher/outcome.h"
#include "publisher/request.h"

namespace fb::publisher {

// Errors: those of json::parse; `examined` has to be of this request.
Result<Outcome> describe_request(const Request& request, const Examined& examined);

// Foreign text on one line, without control and direction characters.
std::string plain(std::string_view text);

}  // namespace fb::publisher

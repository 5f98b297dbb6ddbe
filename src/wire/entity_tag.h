// Conditional changes (RFC 9110 section 13.1.1).
#pragma once

#include <string_view>

namespace merlon::wire {

// Whether an If-Match of these field values, joined by commas and empty for none, allows to change
// what has the strong entity tag `tag` (with its quotes): there is none, it is "*", or it lists the
// tag. Weak tags never match, and what is no tag matches nothing.
bool if_match_allows(std::string_view if_match, std::string_view tag);

}  // namespace merlon::wire

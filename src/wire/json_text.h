// Text from anywhere as a JSON string that is safe in a log: RFC 8259 section 7, and more.
#pragma once

#include <string>
#include <string_view>

namespace merlon::wire {

// Appends `text` with its quotes. Bytes that are no UTF-8 (RFC 3629: overlong forms, surrogates,
// beyond U+10FFFF) become U+FFFD, one each. Escaped beyond what JSON asks, because people read logs
// in terminals and other programs split them into lines: DEL and C1 controls (a terminal obeys
// U+009B like ESC [), U+2028 and U+2029 (line ends to JavaScript), and the marks that change the
// direction of text (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069) or hide (U+FEFF).
void append_json_string(std::string& out, std::string_view text);

}  // namespace merlon::wire

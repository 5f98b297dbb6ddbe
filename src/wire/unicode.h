// Unicode normal forms, and what of a text can be seen. The data are utf8proc's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"

namespace merlon::wire {

// By options of utf8proc_option_t. Nothing when `text` is no UTF-8.
std::optional<std::string> normalize(std::string_view text, int options);

// Normalization Form C: what two keyboards write differently is one text. Nothing when `text` is no
// UTF-8.
std::optional<std::string> to_nfc(std::string_view text);

// Without differences of case, in NFC: "Ärne" and "ÄRNE" are one. A text that is no UTF-8 stays as
// it is.
std::string fold_case(std::string_view text);

// to_nfc() of a secret, which leaves no copy behind. One that is no UTF-8 stays as it is.
Secret to_nfc(const Secret& text);

// Whether a reader sees anything at all: a text of spaces, zero-width characters, marks that direct
// text and fillers shows nothing. `text` is valid UTF-8.
bool shows_something(std::string_view text);

}  // namespace merlon::wire

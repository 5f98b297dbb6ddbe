// Personal text as it is stored: encrypted under its person's key and bound to its place, so that
// neither a thief of the file reads it nor a writer of the file moves it to another row or column.
#pragma once

#include <string>
#include <string_view>

#include "base/entropy.h"
#include "base/result.h"
#include "crypto/aead.h"

namespace merlon::sealing {

// Another key, another place, changed bytes, or a version of a newer release (Corrupt).
inline constexpr std::string_view sealed_corrupt_rule = "sealed.corrupt";

// Where a sealed text stands: "accounts.email" and the row's identifier.
struct Place {
    std::string_view column;
    std::string_view row;
};

// One version byte, then what AeadKey::seal gives. Reading knows every version ever written.
std::string seal(const crypto::AeadKey& key, Place place, std::string_view text, Entropy& entropy);
// Error: sealed_corrupt_rule.
Result<std::string> open(const crypto::AeadKey& key, Place place, std::string_view sealed);

}  // namespace merlon::sealing

// The key that everything at rest hangs on: it wraps the root keys, which wrap people's keys.
#pragma once

#include "base/entropy.h"
#include "base/result.h"
#include "base/secret.h"
#include "sealing/settings.h"

namespace merlon::sealing {

// This master key is not the one that wrapped the root keys, or is no key (Invalid).
inline constexpr std::string_view master_key_rule = "keys.master";

inline constexpr std::size_t master_key_bytes = 32;

// The master key of the settings (64 hexadecimal digits, base64url or 32 raw bytes), or else of
// the file, which is made at first start with mode 0600. The directory of the file is made too.
// Errors: master_key_rule (not 32 bytes; too open a file), "keys.unavailable".
Result<Secret> load_master_key(const KeySettings& settings, Entropy& entropy);

// The same of a master key that is there already: nothing is made.
Result<Secret> find_master_key(const KeySettings& settings);

}  // namespace merlon::sealing

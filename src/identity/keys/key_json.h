// Renders signing keys as the JSON that an operator sees.
#pragma once

#include <string>

#include "tokens/issuer.h"

namespace merlon::identity {

// An array of the keys that still verify something, with what each does now.
std::string keys_json(const tokens::Rings& rings, WallTime now);

}  // namespace merlon::identity

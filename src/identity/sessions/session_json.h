// Renders sessions as JSON, with their personal fields opened.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "identity/sessions/session_store.h"
#include "sealing/key_store.h"

namespace merlon::identity {

// An array. Each is marked as the current one or not where there is a current one. Without a key,
// and where a field is damaged, `ip` and `userAgent` are empty: a session that cannot be read can
// still be ended.
std::string sessions_json(const std::vector<SessionRow>& rows, const crypto::AeadKey* key,
                          const std::optional<std::string>& current);

}  // namespace merlon::identity

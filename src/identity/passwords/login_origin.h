// Which account somebody tries to sign in to, and from where.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "storage/database.h"

namespace merlon::identity {

struct LoginOrigin {
    std::string account;  // canonical e-mail address, whether it has an account or not
    std::string client;   // as limits count clients
    // In the table of known clients: its row, and when somebody last signed in to this account from
    // this client; empty: never.
    storage::Blob index = {};
    std::optional<std::int64_t> signed_in_at = {};

    bool is_known() const { return signed_in_at.has_value(); }
};

}  // namespace merlon::identity

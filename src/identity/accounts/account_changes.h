// Values of account administration: what changes, and what is listed.
#pragma once

#include <optional>
#include <string>

namespace merlon::identity {

// What is empty stays as it is.
struct AccountChange {
    std::optional<std::string> role;
    std::optional<bool> is_locked;
    bool may_leave_no_admin = false;  // --force of an operator
};

struct AccountNames {
    std::string first;
    std::string last;
};

// What is empty stays as it is.
struct NewNames {
    std::optional<std::string> first;
    std::optional<std::string> last;
};

// Some accounts as a JSON array.
struct AccountList {
    std::string json;
    std::size_t size = 0;
    std::string last_id;     // of the list; empty: there is none in it
    std::int64_t total = 0;  // of all accounts there are
};

}  // namespace merlon::identity

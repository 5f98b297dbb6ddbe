// Turns validated bodies into values.
#include "users/account_form.h"

#include <boost/json.hpp>

#include "wire/json.h"

namespace merlon::users {

Result<NewAccount> NewAccount::parse(std::string_view body) {
    const auto value = MERLON_TRY(wire::parse_json(body));
    const auto* role = value.as_object().if_contains("role");
    return NewAccount{role != nullptr ? std::string(role->as_string()) : "user"};
}

Result<ports::AccountChange> AccountPatch::parse(std::string_view body) {
    const auto value = MERLON_TRY(wire::parse_json(body));
    ports::AccountChange change;
    if (const auto* role = value.as_object().if_contains("role")) {
        change.role = std::string(role->as_string());
    }
    if (const auto* locked = value.as_object().if_contains("locked")) {
        change.is_locked = locked->as_bool();
    }
    return change;
}

}  // namespace merlon::users

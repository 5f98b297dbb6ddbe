// Renders one JSON object for an account.
#include "identity/accounts/account_json.h"

#include "api/responses.h"
#include "wire/json_text.h"

namespace merlon::identity {

std::string user_json(const Account& account, const access::Roles& roles) {
    std::string json = R"({"id":")" + account.id + R"(","email":)";
    wire::append_json_string(json, account.email);
    json += R"(,"firstName":)";
    wire::append_json_string(json, account.first_name);
    json += R"(,"lastName":)";
    wire::append_json_string(json, account.last_name);
    json += R"(,"role":)";
    wire::append_json_string(json, account.role);
    json += R"(,"permissions":[)";
    for (const std::string& permission : roles.permissions_of(account.role)) {
        if (json.back() != '[') json += ',';
        wire::append_json_string(json, permission);
    }
    return json + R"(],"createdAt":)" + api::json_time(account.created_at) + "}";
}

std::string account_json(const Account& account, const access::Roles& roles) {
    std::string json = user_json(account, roles);
    json.pop_back();
    json += account.is_locked ? R"(,"locked":true)" : R"(,"locked":false)";
    if (!account.is_readable) json += R"(,"unreadable":true)";
    return json + "}";
}

}  // namespace merlon::identity

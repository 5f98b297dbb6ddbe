// Names and severities of security events, and their JSON line.
#include "events/event.h"

#include <fmt/format.h>

#include "base/result.h"
#include "base/rfc3339.h"
#include "wire/json_text.h"

namespace merlon::events {
namespace {

void append_member(std::string& out, std::string_view member, std::string_view value) {
    out += out.back() == '{' ? "" : ",";
    wire::append_json_string(out, member);
    out += ':';
    wire::append_json_string(out, value);
}

template <class Named>
std::optional<Named> find_named(std::string_view wanted, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        if (name(static_cast<Named>(i)) == wanted) return static_cast<Named>(i);
    }
    return std::nullopt;
}

}  // namespace

std::string_view name(Type type) {
    switch (type) {
        case Type::FailedLoginAttempt:
            return "FAILED_LOGIN_ATTEMPT";
        case Type::UnauthorizedAccess:
            return "UNAUTHORIZED_ACCESS";
        case Type::Login:
            return "LOGIN";
        case Type::Logout:
            return "LOGOUT";
        case Type::Registered:
            return "REGISTERED";
        case Type::AccountLocked:
            return "ACCOUNT_LOCKED";
        case Type::RefreshReuse:
            return "REFRESH_REUSE";
        case Type::SessionRevoked:
            return "SESSION_REVOKED";
        case Type::PasswordChanged:
            return "PASSWORD_CHANGED";
        case Type::RoleChanged:
            return "ROLE_CHANGED";
        case Type::InvalidToken:
            return "INVALID_TOKEN";
        case Type::RateLimited:
            return "RATE_LIMITED";
        case Type::KeyRotated:
            return "KEY_ROTATED";
        case Type::ConfigReloaded:
            return "CONFIG_RELOADED";
        case Type::CertificateExpiring:
            return "CERTIFICATE_EXPIRING";
        case Type::AdminAction:
            return "ADMIN_ACTION";
    }
    MERLON_ASSERT(false && "an event type outside its enum");
}

std::string_view name(Severity severity) {
    switch (severity) {
        case Severity::Info:
            return "info";
        case Severity::Warning:
            return "warning";
        case Severity::Critical:
            return "critical";
    }
    MERLON_ASSERT(false && "a severity outside its enum");
}

std::optional<Type> find_type(std::string_view name) { return find_named<Type>(name, types); }

std::optional<Severity> find_severity(std::string_view name) {
    return find_named<Severity>(name, severities);
}

Severity default_severity(Type type) {
    switch (type) {
        case Type::FailedLoginAttempt:  // seed
        case Type::UnauthorizedAccess:  // critical on admin routes: Refusals decides
        case Type::AccountLocked:
        case Type::InvalidToken:
        case Type::RateLimited:
        case Type::CertificateExpiring:
            return Severity::Warning;
        // Somebody used a refresh token a second time: it was stolen, from one side or the other.
        case Type::RefreshReuse:
            return Severity::Critical;
        case Type::Login:
        case Type::Logout:
        case Type::Registered:
        case Type::SessionRevoked:
        case Type::PasswordChanged:
        case Type::RoleChanged:
        case Type::KeyRotated:
        case Type::ConfigReloaded:
        case Type::AdminAction:
            return Severity::Info;
    }
    MERLON_ASSERT(false && "an event type outside its enum");
}

std::string to_json(const Event& event) {
    std::string out = "{";
    append_member(out, "type", name(event.type));
    append_member(out, "severity", name(event.severity));
    append_member(out, "userId", event.user_id);
    append_member(out, "ip", event.ip);
    append_member(out, "timestamp", rfc3339(event.time));
    out += R"(,"details":{)";
    for (const auto& [member, value] : event.details) append_member(out, member, value);
    if (event.count > 1) {
        out += fmt::format(R"({}"count":{})", out.back() == '{' ? "" : ",", event.count);
    }
    return out + "}}";
}

}  // namespace merlon::events

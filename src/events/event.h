// Security events: their types, severities and JSON (contract.md).
//
// Two ways to report, by what the event is about:
// - a change: storage::append_event writes it in the change's own transaction, so it is exact;
// - a refusal (401, 403, 429): Refusals::report coalesces it, so an attacker cannot make us write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace merlon::events {

enum class Type : std::uint8_t {
    FailedLoginAttempt,
    UnauthorizedAccess,
    Login,
    Logout,
    Registered,
    AccountLocked,
    RefreshReuse,
    SessionRevoked,
    PasswordChanged,
    RoleChanged,
    InvalidToken,
    RateLimited,
    KeyRotated,
    ConfigReloaded,
    CertificateExpiring,
    AdminAction,
};

enum class Severity : std::uint8_t { Info, Warning, Critical };

inline constexpr std::size_t types = static_cast<std::size_t>(Type::AdminAction) + 1;
inline constexpr std::size_t severities = static_cast<std::size_t>(Severity::Critical) + 1;

// FAILED_LOGIN_ATTEMPT and so on: stable names that clients filter by.
std::string_view name(Type type);
std::string_view name(Severity severity);
// By name; nothing when there is none of that name.
std::optional<Type> find_type(std::string_view name);
std::optional<Severity> find_severity(std::string_view name);
// What a type has unless the reporter says otherwise.
Severity default_severity(Type type);

struct Event {
    Type type;
    Severity severity;
    WallTime time;
    std::string user_id;  // empty: nobody known
    std::string ip;       // client address, empty: none
    // Names and values of identifiers and counts; never other personal data.
    std::vector<std::pair<std::string, std::string>> details;
    std::uint64_t count = 1;  // how many coalesced refusals this stands for
};

// One line of JSON without its line feed; whatever the values hold (CR, LF, ESC, U+2028, invalid
// UTF-8), it stays one valid object, and nothing in it can steer a terminal that shows it.
std::string to_json(const Event& event);

// Where finished events go, such as the log. Safe from every thread.
class EventSink {
public:
    virtual ~EventSink() = default;
    virtual void write(const Event& event) = 0;
};

}  // namespace merlon::events

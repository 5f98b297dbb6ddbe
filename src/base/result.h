// How every function of Merlon fails: an Error value with a public rule name, and the two macros
// that pass it on. Nothing throws; a library that throws is wrapped where it is used.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace merlon {

// What a caller can do about a failure. Callers branch on Kind, or on a rule by its constant
// (stream_end_rule); never on its text.
enum class Kind : std::uint8_t {
    Invalid,      // the input breaks a rule: the sender must change it
    Unknown,      // we do not know who is asking
    Denied,       // the subject may not do this
    Absent,       // there is no such thing
    Conflict,     // somebody else changed it first: read again, then retry
    Exhausted,    // a stated limit is reached: retry later
    Unavailable,  // a dependency did not answer in time: a retry may help
    Corrupt,      // stored data fails its own check: an operator must look
};

// One rule of a body's schema that the body breaks. `message` is Joi's wording (contract.md).
struct FieldError {
    std::string field;
    std::string message;
    friend bool operator==(const FieldError&, const FieldError&) = default;
};

using FieldErrors = std::vector<FieldError>;

// The permissions a subject lacked, all that the route asks for.
struct RequiredPermissions {
    std::vector<std::string> names;
};

// When asking again may succeed.
struct RetryAfter {
    std::chrono::seconds delay;
};

// What some rules carry to the client beside their message.
using Payload = std::variant<std::monostate, FieldErrors, RequiredPermissions, RetryAfter>;

struct Error {
    Kind kind;
    std::string_view
        rule;            // stable public name of the broken rule, such as "token.expired"; static
    std::string detail;  // for the operator's log; never sent to a client
    Payload payload;     // typed data the client may see
};

// Whether `error` breaks the rule `name` or, where `name` ends in '.', one of that name space.
inline bool breaks_rule(const Error& error, std::string_view name) {
    return name.ends_with('.') ? error.rule.starts_with(name) : error.rule == name;
}

template <class T = void>
using Result = std::expected<T, Error>;

// Makes the error of a Result<T>: `return fail(Kind::Invalid, "path.dots");`
[[nodiscard]] inline std::unexpected<Error> fail(Kind kind, std::string_view rule,
                                                 std::string detail = {}, Payload payload = {}) {
    return std::unexpected(Error{kind, rule, std::move(detail), std::move(payload)});
}

// Prints where a promise of our own code was broken, and stops the process: going on would be
// guessing, and a security decision is never guessed.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace merlon

// The value of a Result, or this function returns its error.
#define MERLON_TRY(...)                                                               \
    ({                                                                                \
        auto merlon_result = (__VA_ARGS__);                                           \
        if (!merlon_result) return std::unexpected(std::move(merlon_result).error()); \
        *std::move(merlon_result);                                                    \
    })

// The same inside a coroutine: MERLON_CO_TRY(co_await task).
#define MERLON_CO_TRY(...)                                                               \
    ({                                                                                   \
        auto merlon_result = (__VA_ARGS__);                                              \
        if (!merlon_result) co_return std::unexpected(std::move(merlon_result).error()); \
        *std::move(merlon_result);                                                       \
    })

#define MERLON_ASSERT(condition) \
    ((condition) ? (void)0 : ::merlon::assertion_failed(#condition, __FILE__, __LINE__))

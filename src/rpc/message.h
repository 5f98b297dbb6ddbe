// The messages between two roles: request and response as JSON objects, and errors with their rule,
// so that the caller handles an error as in one process.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace merlon::rpc {

inline constexpr std::string_view method_path = "/internal/v1/";

// The rule of a message with a member that is missing or of the wrong type.
inline constexpr std::string_view malformed_rule = "port.malformed";

// The members of a message. What is absent or of another type fails with "port.malformed"
// (Invalid). Value.
class Message {
public:
    explicit Message(boost::json::object members = {}) : members_(std::move(members)) {}
    static Result<Message> parse(std::string_view text);

    Result<std::string> text(std::string_view name) const;
    Result<std::int64_t> integer(std::string_view name) const;
    Result<boost::json::array> list(std::string_view name) const;
    // Nothing where it is absent or null.
    Result<std::optional<std::string>> optional_text(std::string_view name) const;
    Result<std::optional<bool>> optional_boolean(std::string_view name) const;

    // An empty std::optional is null.
    template <class T>
    Message& set(std::string_view name, const T& value) {
        members_[name] = boost::json::value_from(value);
        return *this;
    }
    std::string str() const { return boost::json::serialize(members_); }

private:
    boost::json::object members_;
};

// The errors that every method may give: of the call itself, and of the stores behind it.
std::span<const std::string_view> shared_rules();

// An error with its rule, kind, detail and payload.
std::string to_message(const Error& error);
// The error in a message of to_message(). Its rule is one of `rules` or of shared_rules(), else
// "port.failed": a rule is static text, and another release may know others. Gives `fallback` when
// the message is not one of to_message().
Error error_of(std::string_view message, std::span<const std::string_view> rules, Error fallback);

}  // namespace merlon::rpc

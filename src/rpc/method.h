// The methods by which roles in different processes call each other. Each is declared once, for its
// client and its server.
#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <string_view>

#include "base/task.h"
#include "rpc/message.h"

namespace merlon::rpc {

// Whether a call that may have been carried out may be retried.
enum class Retry : std::uint8_t { Never, Harmless };

// As a caller: every role of the installation. An empty list of callers allows nobody.
inline constexpr std::string_view any_role = "*";

// The caller's and the server's view of one method. Its texts and lists are static.
struct Method {
    std::string_view name;                      // "stock.take"
    std::span<const std::string_view> callers;  // the roles that may call it
    Retry retry = Retry::Never;
    // The rules of its own errors, beside those of every method (shared_rules). Any other error
    // arrives as "port.failed" with its kind.
    std::span<const std::string_view> rules = {};
    std::chrono::milliseconds patience{15'000};  // for the response
};

// A method as its role offers it.
struct OfferedMethod {
    const Method* method;
    std::function<Task<Message>(Message)> serve;
};

}  // namespace merlon::rpc

// A built-in role as the gateway calls it: directly, without a socket. Split into processes, the
// same calls travel over HTTP, and the role does not know the difference.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "http/response.h"
#include "wire/head.h"

namespace merlon::http {

// One request to a role. Values: it may outlive the connection it came by.
struct LocalCall {
    wire::Method method;
    std::string_view route;  // the pattern that matched; as in routes()
    std::string path;
    std::string body;    // whole
    std::string client;  // address; empty for a Unix socket
    std::string user_agent;
    // Who calls, by a token of our own; empty on public routes.
    std::string user_id;
    std::string session_id;
};

enum class LocalAccess : std::uint8_t { Public, Authenticated };

struct LocalRoute {
    wire::Method method;
    std::string_view pattern;  // static
    LocalAccess access;
};

// Safe from every thread; used by all workers.
class LocalService {
public:
    // Longer bodies are refused with 413 before the role sees them.
    static constexpr std::size_t body_bytes_max = 256 << 10;

    virtual ~LocalService() = default;
    virtual const std::vector<LocalRoute>& routes() const = 0;
    // Errors become answers by the table in http/problem.cc.
    virtual Task<Response> call(LocalCall request) = 0;
};

}  // namespace merlon::http

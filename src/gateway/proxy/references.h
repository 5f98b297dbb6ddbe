// Rewrites URLs of a service in its response to those of the client: Location, Content-Location,
// Refresh, and the Path and Domain of cookies.
//
// URLs of other hosts stay as they are. So do values with bytes that a URL parser removes.
#pragma once

#include <string_view>

#include "gateway/snapshot/relay_rules.h"
#include "http/response.h"
#include "wire/head.h"

namespace merlon::gateway {

// One exchange's two sides. Borrows.
struct References {
    const RelayRules& rules;
    std::string_view service_host;  // the Host that the service was sent, with its port
    std::string_view client_host;   // the client's

    // Whether a field of this name has references, or a cookie.
    static bool are_in(wire::FieldId id) {
        return id >= wire::FieldId::Location && id <= wire::FieldId::SetCookie;
    }
    // Adds such a field, rewritten where it has to be.
    void add(const wire::Field& field, http::FieldLines& out) const;
};

// The parts of References::add, each for one value. They give the value itself where it stands.
std::string map_reference(std::string_view value, const References& references);
std::string map_refresh(std::string_view value, const References& references);
std::string map_cookie(std::string_view value, const References& references);

// A request's Destination (RFC 4918 section 10.3), for the service. `path` is its canonical path,
// below the prefix.
std::string destination_for(const RelayRules& rules, std::string_view service_host,
                            std::string_view path);

}  // namespace merlon::gateway

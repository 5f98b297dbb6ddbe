// What the configuration says of fields: those of every response, such as the security headers, and
// those that are set or removed between a client and a service.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gateway/snapshot/field_names.h"
#include "gateway/snapshot/settings.h"
#include "http/response.h"
#include "wire/connection_options.h"
#include "wire/head.h"

namespace merlon::gateway {

// Of a service's requests.
struct RequestRules {
    FieldNames dropped;       // the client's own that do not pass
    http::FieldLines fields;  // added

    static RequestRules make(const HeaderSettings& settings);
};

// Of the responses of a route, of a service, or of the whole gateway.
class ResponseRules {
public:
    // The seed's security headers with the changes of each layer over those before it.
    static ResponseRules make(std::span<const HeaderSettings* const> layers);

    // On every response of the route, also a refusal.
    std::string_view lines() const { return lines_.text(); }
    // Without Strict-Transport-Security, which no response in the clear may have (RFC 6797 section
    // 7.2).
    std::string lines_in_the_clear() const;

    // Whether the service's own copy passes, although the gateway has that field.
    bool keeps(std::string_view name) const { return kept_names_.has(name); }
    // Whether the service's own copy does not pass.
    bool drops(std::string_view name) const { return dropped_.has(name); }
    // `own` begins with lines(). Adds those of them that the service may say itself and has not
    // said, and gives the rest of `own`.
    std::string_view add_unsaid(const wire::ResponseHead& response,
                                const wire::ConnectionOptions& options, std::string_view own,
                                http::FieldLines& out) const;
    // On what a service answers only: on a refusal they would be wrong.
    std::string_view service_lines() const { return service_lines_.text(); }

private:
    struct Kept {
        std::string name;
        std::size_t line_bytes;  // of ours in lines(); 0: none
    };

    http::FieldLines lines_;  // those of kept_ first, in its order
    std::vector<Kept> kept_;
    FieldNames kept_names_;
    FieldNames dropped_;
    http::FieldLines service_lines_;
};

// Whether a header is one of those that every response has unless the configuration says otherwise.
bool is_security_header(std::string_view name);

// Why a rule may not set, or remove, a field; empty: it may.
std::string_view request_rule_fault(std::string_view name);
std::string_view response_rule_fault(std::string_view name);

}  // namespace merlon::gateway

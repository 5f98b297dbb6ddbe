// Renders the security headers of every response.
#include "base/text.h"
#include "gateway/snapshot/snapshot.h"

namespace merlon::gateway {

http::FieldLines make_security_fields(
    const std::vector<std::pair<std::string, std::string>>& changes) {
    // What the seed's helmet call and its second middleware send (contract.md, "Headers").
    std::vector<std::pair<std::string, std::string>> fields = {
        {"Content-Security-Policy",
         "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';"
         "frame-ancestors 'self';img-src 'self' data: https:;object-src 'none';script-src 'self';"
         "script-src-attr 'none';style-src 'self' 'unsafe-inline';upgrade-insecure-requests"},
        {"Strict-Transport-Security", "max-age=31536000; includeSubDomains"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"X-XSS-Protection", "1; mode=block"},
        {"Referrer-Policy", "strict-origin-when-cross-origin"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Origin-Agent-Cluster", "?1"},
        {"X-DNS-Prefetch-Control", "off"},
        {"X-Download-Options", "noopen"},
        {"X-Permitted-Cross-Domain-Policies", "none"},
    };
    for (const auto& [name, value] : changes) {
        bool is_known = false;
        for (auto& field : fields) {
            if (!text::equals_ignoring_case(field.first, name)) continue;
            field.second = value;
            is_known = true;
        }
        if (!is_known) fields.emplace_back(name, value);
    }
    http::FieldLines lines;
    for (const auto& [name, value] : fields) {
        if (!value.empty()) lines.add(name, value);
    }
    return lines;
}

}  // namespace merlon::gateway

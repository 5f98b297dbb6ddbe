// Renders the CORS fields.
#include "gateway/snapshot/cors.h"

#include <fmt/ranges.h>

namespace merlon::gateway {

void add_origin_fields(const CorsSettings& cors, std::string_view origin,
                       http::FieldLines& fields) {
    fields.add("Access-Control-Allow-Origin", origin);
    if (cors.credentials) fields.add("Access-Control-Allow-Credentials", "true");
    fields.add("Access-Control-Expose-Headers", fmt::format("{}", fmt::join(cors.exposed, ",")));
}

void add_preflight_fields(const CorsSettings& cors, http::FieldLines& fields) {
    fields.add("Access-Control-Allow-Methods", fmt::format("{}", fmt::join(cors.methods, ",")));
    fields.add("Access-Control-Allow-Headers", fmt::format("{}", fmt::join(cors.headers, ",")));
    fields.add("Access-Control-Max-Age", std::to_string(cors.max_age.count()));
}

}  // namespace merlon::gateway

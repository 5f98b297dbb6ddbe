// Renders the CORS fields.
#include "gateway/snapshot/cors.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace merlon::gateway {

CorsTexts CorsTexts::make(const CorsLists& lists) {
    return {fmt::format("{}", fmt::join(lists.headers, ",")),
            fmt::format("{}", fmt::join(lists.exposed, ","))};
}

bool is_listed(const CorsSettings& cors, std::string_view origin) {
    return std::ranges::find(cors.origins, origin) != cors.origins.end();
}

void add_origin_fields(const CorsSettings& cors, const CorsTexts& texts, std::string_view origin,
                       http::FieldLines& fields) {
    fields.add("Access-Control-Allow-Origin", origin);
    if (cors.credentials) fields.add("Access-Control-Allow-Credentials", "true");
    fields.add("Access-Control-Expose-Headers", texts.exposed);
}

void add_any_origin_fields(http::FieldLines& fields) {
    fields.add("Access-Control-Allow-Origin", "*");
}

void add_preflight_fields(const CorsSettings& cors, const CorsTexts& texts,
                          http::FieldLines& fields) {
    fields.add("Access-Control-Allow-Methods", fmt::format("{}", fmt::join(cors.methods, ",")));
    fields.add("Access-Control-Allow-Headers", texts.headers);
    fields.add("Access-Control-Max-Age", std::to_string(cors.max_age.count()));
}

}  // namespace merlon::gateway

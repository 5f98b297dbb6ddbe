// Parses which page of a list a client requests.
#pragma once

#include <string>
#include <string_view>

#include "api/local_service.h"
#include "wire/query.h"

namespace merlon::api {

// Keyset pages: each begins after the last identifier of the one before, so that page 10,000 costs
// what page 1 does, and nothing is shown twice when something is added meanwhile.
struct PageRequest {
    static constexpr std::int64_t limit_max = 100;
    static constexpr std::int64_t limit_default = 20;

    std::int64_t limit = limit_default;
    std::string after;  // an identifier; empty: from the beginning

    // Of `limit` and `cursor`. Error (Invalid): "query.malformed".
    static Result<PageRequest> of(const wire::Query& query);
};

// The two query parameters in the OpenAPI document.
inline constexpr OpenApiParameter limit_parameter{
    "limit", "query", R"({"type": "integer", "minimum": 1, "maximum": 100, "default": 20})",
    "How many at most"};
inline constexpr OpenApiParameter cursor_parameter{"cursor", "query", R"({"type": "string"})",
                                                   "meta.nextCursor of the page before"};
inline constexpr OpenApiParameter page_parameters[] = {limit_parameter, cursor_parameter};

// The `cursor` of the next page, given the last identifier of this one.
std::string cursor_after(std::string_view id);

}  // namespace merlon::api

// Cross-origin resource sharing (Fetch, section 3.2), as the seed's cors call does it.
#pragma once

#include "gateway/snapshot/settings.h"
#include "http/response.h"

namespace merlon::gateway {

// Of every response where origins are listed: a cache must not mix those with and without.
inline constexpr std::string_view vary_by_origin = "Vary: Origin\r\n";

// The lists as they are sent.
struct CorsTexts {
    std::string headers;
    std::string exposed;

    static CorsTexts make(const CorsLists& lists);
};

// Whether scripts of `origin` may read responses.
bool is_listed(const CorsSettings& cors, std::string_view origin);

// For a response to `origin`, which is listed.
void add_origin_fields(const CorsSettings& cors, const CorsTexts& texts, std::string_view origin,
                       http::FieldLines& fields);
// For a response that scripts of any origin may read.
void add_any_origin_fields(http::FieldLines& fields);
// The further fields of a preflight's response.
void add_preflight_fields(const CorsSettings& cors, const CorsTexts& texts,
                          http::FieldLines& fields);

}  // namespace merlon::gateway

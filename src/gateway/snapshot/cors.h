// Cross-origin resource sharing (Fetch, section 3.2), as the seed's cors call does it.
#pragma once

#include "gateway/snapshot/settings.h"
#include "http/response.h"

namespace merlon::gateway {

// For a response to `origin`, which is in the allow-list.
void add_origin_fields(const CorsSettings& cors, std::string_view origin, http::FieldLines& fields);
// The further fields of a preflight's response.
void add_preflight_fields(const CorsSettings& cors, http::FieldLines& fields);

}  // namespace merlon::gateway

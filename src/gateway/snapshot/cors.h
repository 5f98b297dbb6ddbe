// Cross-origin resource sharing (Fetch, section 3.2), as the seed's cors call does it.
#pragma once

#include "gateway/snapshot/settings.h"
#include "http/response.h"

namespace merlon::gateway {

// For an answer to `origin`, which stands in the allow-list.
void add_origin_fields(const CorsSettings& cors, std::string_view origin, http::FieldLines& fields);
// What a preflight is told beside that.
void add_preflight_fields(const CorsSettings& cors, http::FieldLines& fields);

}  // namespace merlon::gateway

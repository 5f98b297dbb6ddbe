// The OpenAPI 3.1 document of the built-in roles, made from their routes: what the request path
// judges by is what it shows. Declared services are left out: whoever asks is a stranger, and their
// routes are not ours to publish.
#pragma once

#include <span>
#include <string>

#include "api/local_service.h"

namespace merlon::api {

// `public_url`: where clients find us; empty: where they found the document.
std::string describe(std::span<const RoleTable* const> roles, const std::string& public_url);

}  // namespace merlon::api

// Renders the OpenAPI 3.1 document of the built-in roles from their route tables, by which requests
// are validated too. Declared services are left out: the document is public, and their routes are
// not ours to publish.
#pragma once

#include <span>
#include <string>

#include "api/local_service.h"
#include "api/name_settings.h"

namespace merlon::api {

// `public_url`: where clients find us; empty: where they found the document.
std::string openapi_document(std::span<const RoleTable* const> roles, const std::string& public_url,
                             const NameSettings& names);

}  // namespace merlon::api

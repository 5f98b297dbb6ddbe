// JSON Schemas of the auth role's responses, for its OpenAPI document.
#pragma once

#include <span>

#include "api/local_service.h"

namespace merlon::identity {

std::span<const api::NamedSchema> response_schemas();

}  // namespace merlon::identity

// What the auth role answers, as the description tells of it.
#pragma once

#include <span>

#include "api/local_service.h"

namespace merlon::identity {

std::span<const api::NamedSchema> response_schemas();

}  // namespace merlon::identity

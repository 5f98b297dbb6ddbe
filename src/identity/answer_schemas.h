// What the auth role answers, as the description tells of it.
#pragma once

#include <span>

#include "http/local_service.h"

namespace merlon::identity {

std::span<const http::NamedSchema> answer_schemas();

}  // namespace merlon::identity

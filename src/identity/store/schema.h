// The tables of the auth role, as migrations.
#pragma once

#include <span>

#include "storage/migrations.h"

namespace merlon::identity {

inline constexpr std::string_view auth_role = "auth";

std::span<const storage::Migration> auth_migrations();

}  // namespace merlon::identity

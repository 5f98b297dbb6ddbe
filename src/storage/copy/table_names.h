// The tables that migrations make, read from their own scripts: a list beside them would drift.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "storage/migrations.h"

namespace merlon::storage {

// After all of them have run, in the order in which they are made. `migrations` are ours: a script
// that makes or renames a table otherwise than CREATE TABLE, DROP TABLE or ALTER TABLE … RENAME TO
// is not understood, which a test of every role's would find.
std::vector<std::string> table_names(std::span<const Migration> migrations);

}  // namespace merlon::storage

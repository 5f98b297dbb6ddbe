// The scripts of the migrations are written in SQLite's words for types; this says them in
// PostgreSQL's. One script for both: two would drift apart.
#pragma once

#include <string>
#include <string_view>

namespace merlon::storage {

// INTEGER holds 64 bits in SQLite, 32 in PostgreSQL: BIGINT. BLOB is BYTEA. TEXT compares as bytes
// in SQLite, by the database's language in PostgreSQL: COLLATE "C", so that pages have one order
// everywhere. AUTOINCREMENT is an identity column; STRICT and WITHOUT ROWID say nothing there.
// Words in comments and in quotes stay as they are. `script` is ours, never anybody's input.
std::string to_postgres(std::string_view script);

}  // namespace merlon::storage

// Where a database is, as an operator says it.
#pragma once

#include <string_view>

#include "base/result.h"
#include "storage/open/settings.h"

namespace merlon::config {

// postgres://user@host[:port]/database[?sslmode=…&sslrootcert=…&sslcert=…&sslkey=…
// &channel_binding=…]. A password in a url would end up in logs: it has none. Error: "config.url",
// the detail for the operator. `authorities`: a file, of a url that names none.
Result<storage::PostgresSettings> parse_postgres(std::string_view text,
                                                 std::string_view authorities = {});

// The same, or sqlite:path.
Result<storage::DatabaseSettings> parse_database(std::string_view url);

}  // namespace merlon::config

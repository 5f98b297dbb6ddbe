// Where a database is, as an operator says it.
#pragma once

#include <string_view>

#include "base/result.h"
#include "storage/open/settings.h"

namespace merlon::config {

// Not a URL that this release can use (Invalid); the detail says why, to the operator.
inline constexpr std::string_view url_rule = "config.url";

// postgres://user@host[:port]/database[?sslmode=…&sslrootcert=…&sslcert=…&sslkey=…
// &channel_binding=…]. A password in a url would end up in logs: it has none. Error: url_rule.
// `authorities`: a file, of a url that names none.
Result<storage::PostgresSettings> parse_postgres(std::string_view text,
                                                 std::string_view authorities = {});

// The same, or sqlite:path.
Result<storage::DatabaseSettings> parse_database(std::string_view url);

}  // namespace merlon::config

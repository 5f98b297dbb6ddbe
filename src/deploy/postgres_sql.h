// The parts of the rendered SQL, for psql: it is run as a superuser, and as often as one likes.
#pragma once

#include "deploy/postgres.h"

namespace merlon::deploy {

std::string setup_sql(const PostgresServer& server);
std::string passwords_sql(const PostgresServer& server);

}  // namespace merlon::deploy

// Checks names, and renders PostgreSQL's access rules and settings.
#include "deploy/postgres.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "deploy/postgres_sql.h"

namespace merlon::deploy {
namespace {

// What it is quoted in differs from file to file; these signs mean nothing in any. Longer ones
// PostgreSQL would cut.
bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= 63 && std::ranges::all_of(name, [](char c) {
        return text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '-' || c == '.';
    });
}

std::unexpected<Error> wrong_name(std::string detail) {
    return fail(Kind::Invalid, "postgres.name", std::move(detail));
}

Result<> check_names(const PostgresDatabase& database) {
    const auto check = [](const std::string& name) -> Result<> {
        if (is_name(name)) return {};
        return wrong_name("\"" + name + "\" must be of letters, digits and _ . -, at most 63");
    };
    MERLON_TRY(check(database.name));
    MERLON_TRY(check(database.owner));
    for (const PostgresUser& user : database.users) {
        MERLON_TRY(check(user.name));
        if (user.name != database.owner) continue;
        return wrong_name(user.name + " owns " + database.name +
                          " and migrates it: the url of what serves names another user");
    }
    return {};
}

std::string hba_lines(const PostgresServer& server, const PostgresDatabase& database,
                      const PostgresUser& user) {
    std::vector<std::string> clients = server.clients;
    if (clients.empty()) clients = {"all"};
    // Without TLS only from the machine itself, which is what the url says.
    if (!user.has_tls) clients = {"samehost"};
    std::string lines;
    for (const std::string& client : clients) {
        lines += fmt::format("{:<8}{:<20}{:<22}{:<20}scram-sha-256{}\n",
                             user.has_tls ? "hostssl" : "host", "\"" + database.name + "\"",
                             "\"" + user.name + "\"", client,
                             user.has_certificate ? " clientcert=verify-full" : "");
    }
    return lines;
}

std::string pg_hba_conf(const PostgresServer& server) {
    std::string text =
        R"(# Made by "merlon render postgres": change merlon.yaml, not this. The first line that fits decides.
# TYPE  DATABASE            USER                  ADDRESS             METHOD
local   all                 postgres                                  peer
)";
    for (const PostgresDatabase& database : server.databases) {
        for (const PostgresUser& user : database.users) text += hba_lines(server, database, user);
        PostgresUser owner = database.users.front();
        owner.name = database.owner;
        text += hba_lines(server, database, owner);
    }
    return text + R"(local   all                 all                                       reject
host    all                 all                   all                 reject
)";
}

std::string postgresql_conf(const PostgresServer& server) {
    const bool has_certificates = std::ranges::any_of(server.databases, [](const auto& database) {
        return std::ranges::any_of(database.users, &PostgresUser::has_certificate);
    });
    return fmt::format(
        R"(# Made by "merlon render postgres": include it at the end of postgresql.conf.
ssl = on
ssl_cert_file = 'server.crt'
ssl_key_file = 'server.key'
{}ssl_ca_file = 'ca.crt'             # who certifies clients
ssl_min_protocol_version = 'TLSv1.3' # every client is Merlon, whose libpq speaks it
password_encryption = 'scram-sha-256'

log_connections = on
log_disconnections = on
log_statement = 'ddl'
log_line_prefix = '%m [%p] %u@%d %h '
log_parameter_max_length = 0           # what statements are given stays out of the log,
log_parameter_max_length_on_error = 0  # also of those that fail

# Where pgaudit is installed:
#shared_preload_libraries = 'pgaudit'
#pgaudit.log = 'ddl, role'
#pgaudit.log_parameter = off
)",
        has_certificates ? "" : "#");
}

}  // namespace

std::string owner_of(std::string_view database) {
    constexpr std::string_view suffix = "_db";
    if (database.ends_with(suffix)) database.remove_suffix(suffix.size());
    return std::string(database) + "_owner";
}

Result<std::vector<File>> render_postgres(const PostgresServer& server) {
    for (const PostgresDatabase& database : server.databases) MERLON_TRY(check_names(database));
    return std::vector<File>{{"setup.sql", setup_sql(server)},
                             {"passwords.sql", passwords_sql(server)},
                             {"pg_hba.conf", pg_hba_conf(server)},
                             {"postgresql.conf", postgresql_conf(server)}};
}

}  // namespace merlon::deploy

// Reading where data and keys live: `store` and `keys`.
#include <algorithm>
#include <array>
#include <filesystem>

#include "base/text.h"
#include "config/sections.h"
#include "config/values.h"

namespace merlon::config {
namespace {

using storage::PostgresSettings;

constexpr std::string_view sqlite_scheme = "sqlite:";
constexpr std::string_view expected =
    "must be sqlite:path or postgres://user@host/database?sslmode=verify-full";

// The words of libpq that a url may say.
Result<> read_query(std::string_view query, PostgresSettings& out) {
    for (const std::string_view pair : text::split(query, '&')) {
        const std::size_t equals = pair.find('=');
        const std::string_view name = pair.substr(0, equals);
        if (equals == std::string_view::npos || equals + 1 == pair.size()) {
            return fail(Kind::Invalid, "config.url", "has a parameter without a value");
        }
        const std::string value(pair.substr(equals + 1));
        if (name == "sslmode") {
            out.tls_mode = value;
        } else if (name == "sslrootcert") {
            out.tls_authorities = value;
        } else if (name == "sslcert") {
            out.tls_certificate = value;
        } else if (name == "sslkey") {
            out.tls_key = value;
        } else {
            return fail(Kind::Invalid, "config.url",
                        "knows sslmode, sslrootcert, sslcert and sslkey, not " + std::string(name));
        }
    }
    return {};
}

// Weaker modes fall back to the clear, or to anybody's certificate.
Result<> check_tls(const PostgresSettings& settings, bool is_on_this_machine) {
    constexpr std::array modes = {"disable", "require", "verify-ca", "verify-full"};
    if (std::ranges::find(modes, settings.tls_mode) == modes.end()) {
        return fail(Kind::Invalid, "config.url",
                    "sslmode must be verify-full, verify-ca, require or disable");
    }
    if (settings.tls_mode != "verify-full" && !is_on_this_machine) {
        return fail(Kind::Invalid, "config.url",
                    "sslmode must be verify-full when the database is not on this machine");
    }
    if (settings.tls_mode.starts_with("verify") && settings.tls_authorities.empty()) {
        return fail(Kind::Invalid, "config.url",
                    "needs sslrootcert=FILE: who certifies the database");
    }
    return {};
}

Result<PostgresSettings> parse_postgres(std::string_view text) {
    const auto url = parse_url(text);
    if (!url || url->scheme != "postgres" || url->user.empty()) {
        return fail(Kind::Invalid, "config.url", std::string(expected));
    }
    const std::size_t question = std::min(url->rest.find('?'), url->rest.size());
    const std::string_view path = url->rest.substr(0, question);
    if (path.size() < 2 || path.find('/', 1) != std::string_view::npos) {
        return fail(Kind::Invalid, "config.url", std::string(expected));
    }
    PostgresSettings settings;
    settings.host = url->host;
    if (settings.host.starts_with('['))
        settings.host = settings.host.substr(1, settings.host.size() - 2);
    if (!url->port.empty()) settings.port = *text::parse_number<std::uint16_t>(url->port);
    settings.user = url->user;
    settings.database = path.substr(1);
    const bool is_on_this_machine =
        settings.host == "localhost" || is_local({settings.host, settings.port, {}});
    settings.tls_mode = is_on_this_machine ? "disable" : "verify-full";
    if (question + 1 < url->rest.size())
        MERLON_TRY(read_query(url->rest.substr(question + 1), settings));
    MERLON_TRY(check_tls(settings, is_on_this_machine));
    return settings;
}

void read_pool(Reader pool, PostgresSettings& out) {
    pool.number("min", 0, 1'000, out.connections_min, "connections kept open");
    pool.number("max", 1, 1'000, out.connections_max, "connections at most");
    pool.duration("idle", out.idle_max, "beyond min, one that was idle for so long is closed");
    pool.duration("connect", out.connect_max, "to wait for a new connection, or for a free one");
    pool.duration("statement", out.statement_max, "a statement that takes longer is ended");
    if (out.connections_min > out.connections_max) pool.problem("min", "must not be above max");
    pool.finish();
}

void read_database(Reader& section, std::string& url, storage::DatabaseSettings& out) {
    section.text("url", url, "sqlite:path or postgres://user@host/database");
    PostgresSettings postgres;
    section.secret("password", postgres.password, "of a postgres:// url, which never carries one");
    read_pool(section.section("pool", "connections to PostgreSQL, of each process"), postgres);
    if (url.starts_with(sqlite_scheme) && url.size() > sqlite_scheme.size()) {
        out = storage::SqliteSettings{url.substr(sqlite_scheme.size())};
        return;
    }
    auto parsed = parse_postgres(url);
    if (!parsed) return section.problem("url", std::move(parsed).error().detail);
    parsed->password = std::move(postgres.password);
    parsed->connections_min = postgres.connections_min;
    parsed->connections_max = postgres.connections_max;
    parsed->idle_max = postgres.idle_max;
    parsed->connect_max = postgres.connect_max;
    parsed->statement_max = postgres.statement_max;
    out = std::make_shared<const PostgresSettings>(*std::move(parsed));
}

std::string beside(const std::string& folder, std::string_view name) {
    return (std::filesystem::path(folder) / name).string();
}

}  // namespace

void read_store(Reader store, storage::StoreSettings& out) {
    read_database(store, out.url, out.database);
    if (const auto* sqlite = std::get_if<storage::SqliteSettings>(&out.database)) {
        out.folder = std::filesystem::path(sqlite->path).parent_path().string();
    }
    store.finish();
}

void read_keys(Reader keys, const storage::StoreSettings& store, sealing::KeySettings& out) {
    const std::string path = beside(store.folder, "keys.db");
    out.url = std::string(sqlite_scheme) + path;
    out.database = storage::SqliteSettings{path};
    out.master_path = beside(store.folder, "master.key");
    read_database(keys, out.url, out.database);
    keys.secret("master", out.master, "wraps all keys; default: master.key beside the store");
    keys.finish();
}

}  // namespace merlon::config

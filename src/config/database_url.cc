// A postgres:// url, and what is refused of it.
#include "config/database_url.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/values.h"

namespace merlon::config {
namespace {

using storage::PostgresSettings;

constexpr std::string_view expected =
    "must be sqlite:path or postgres://user@host/database?sslmode=verify-full";

// The words of libpq that a url may say.
Result<> read_query(std::string_view query, PostgresSettings& out) {
    for (const std::string_view pair : text::split(query, '&')) {
        const std::size_t equals = pair.find('=');
        const std::string_view name = pair.substr(0, equals);
        if (equals == std::string_view::npos || equals + 1 == pair.size()) {
            return fail(Kind::Invalid, url_rule, "has a parameter without a value");
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
        } else if (name == "channel_binding") {
            out.channel_binding = value;
        } else {
            return fail(Kind::Invalid, url_rule,
                        "knows sslmode, sslrootcert, sslcert, sslkey and channel_binding, not " +
                            std::string(name));
        }
    }
    return {};
}

// Weaker modes fall back to the clear, or to anybody's certificate.
Result<> check_tls(const PostgresSettings& settings, bool is_on_this_machine) {
    constexpr std::array modes = {"disable", "require", "verify-ca", "verify-full"};
    if (std::ranges::find(modes, settings.tls_mode) == modes.end()) {
        return fail(Kind::Invalid, url_rule,
                    "sslmode must be verify-full, verify-ca, require or disable");
    }
    if (settings.tls_mode != "verify-full" && !is_on_this_machine) {
        return fail(Kind::Invalid, url_rule,
                    "sslmode must be verify-full when the database is not on this machine");
    }
    if (settings.tls_mode.starts_with("verify") && settings.tls_authorities.empty()) {
        return fail(Kind::Invalid, url_rule,
                    "needs to know who certifies the database: sslrootcert=FILE in it, or ca: FILE "
                    "beside it");
    }
    if (settings.channel_binding != "require" && settings.channel_binding != "prefer") {
        return fail(Kind::Invalid, url_rule, "channel_binding must be require or prefer");
    }
    return {};
}

}  // namespace

Result<PostgresSettings> parse_postgres(std::string_view text, std::string_view authorities) {
    const auto url = parse_url(text);
    if (!url || url->scheme != "postgres" || url->user.empty()) {
        return fail(Kind::Invalid, url_rule, std::string(expected));
    }
    const std::size_t question = std::min(url->rest.find('?'), url->rest.size());
    const std::string_view path = url->rest.substr(0, question);
    if (path.size() < 2 || path.find('/', 1) != std::string_view::npos) {
        return fail(Kind::Invalid, url_rule, std::string(expected));
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
    if (settings.tls_authorities.empty()) settings.tls_authorities = authorities;
    MERLON_TRY(check_tls(settings, is_on_this_machine));
    return settings;
}

Result<storage::DatabaseSettings> parse_database(std::string_view url) {
    constexpr std::string_view sqlite = "sqlite:";
    if (url.starts_with(sqlite) && url.size() > sqlite.size()) {
        return storage::SqliteSettings{std::string(url.substr(sqlite.size()))};
    }
    return std::make_shared<const PostgresSettings>(MERLON_TRY(parse_postgres(url)));
}

}  // namespace merlon::config

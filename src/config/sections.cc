// Reading the sections that have no file of their own.
#include "config/sections.h"

#include <algorithm>

#include "config/route_checks.h"
#include "config/values.h"
#include "crypto/shared_secret.h"

namespace merlon::config {
namespace {

void read_tokens(Reader tokens, bool needs_secret, bool has_identity, tokens::TokenSettings& out) {
    tokens.secret("secret", out.secret, "HS256: signs access tokens (JWT_SECRET)");
    tokens.secret("refresh_secret", out.refresh_secret,
                  "HS256: signs refresh tokens (JWT_REFRESH_SECRET)");
    std::string algorithm = out.secret.empty() ? "ES256" : "HS256";
    tokens.choice("algorithm", {"ES256", "EdDSA", "RS256", "HS256"}, algorithm,
                  "what signs our tokens; HS256 when there is a shared secret");
    out.algorithm = crypto::parse_algorithm(algorithm).value_or(out.algorithm);
    if (!has_identity && tokens.says("algorithm") && out.algorithm != tokens::Algorithm::HS256) {
        tokens.problem("algorithm",
                       "its keys are made by the built-in auth, which identity.enabled: false "
                       "leaves out: name who signs in tokens.trusted");
    }
    if (needs_secret && out.algorithm == tokens::Algorithm::HS256 && out.secret.empty()) {
        tokens.problem("algorithm", "HS256 needs a shared secret: set JWT_SECRET");
    }
    if (!out.secret.empty()) {
        const auto sound = crypto::check_shared_secret(out.secret);
        if (!sound) tokens.problem("secret", sound.error().detail);
    }
    tokens.text("issuer", out.issuer, "iss of our tokens");
    tokens.text("audience", out.audience, "aud of our tokens");
    tokens.seconds("access_ttl", out.access_ttl, "how long an access token lives");
    tokens.seconds("refresh_ttl", out.refresh_ttl, "how long a refresh token lives");
    tokens.seconds(
        "reuse_grace", out.reuse_grace,
        "a refresh repeated within this time is not counted in merlon_refresh_late_repeats");
    read_trusted_issuers(tokens.items("trusted", "foreign issuers whose tokens are accepted"),
                         out.trusted);
    tokens.finish();
}

void read_roles(Reader roles, access::Roles& out) {
    std::map<std::string, std::vector<std::string>> table;
    for (const std::string& role : roles.names()) table[role] = {};
    if (!roles.exists() && table.empty()) {
        for (const std::string_view role : out.role_names()) {
            table.emplace(role, out.permissions_of(role));
        }
    }
    for (auto& [role, permissions] : table) {
        roles.texts(role, permissions, "a role's permissions");
    }
    if (auto made = access::Roles::make(table)) {
        out = *std::move(made);
    } else {
        roles.problem(
            "", made.error().detail.empty() ? std::string(made.error().rule) : made.error().detail);
    }
}

void read_access(Reader access, access::Roles& out) {
    read_roles(access.section("roles", "what each role may do; replaces the whole built-in table"),
               out);
    access.finish();
}

void read_names(Reader names, api::NameSettings& out) {
    names.number("min", 1, 50, out.length_min,
                 "characters of a name at least; 1 for scripts in which a name may be one letter");
    names.finish();
}

void read_passwords(Reader passwords, identity::PasswordSettings& out) {
    std::string hash = "bcrypt";
    passwords.choice("hash", {"bcrypt", "argon2id"}, hash, "how new passwords are hashed");
    if (hash == "argon2id") out.hash = identity::PasswordHash::Argon2id;
    passwords.number("bcrypt_cost", 4, 16, out.bcrypt_cost, "doublings of bcrypt's work");
    if (out.bcrypt_cost < 10) {
        passwords.warning("bcrypt_cost", "below 10 a stolen hash is quick to guess");
    }
    passwords.number("workers", 1, 64, out.workers, "threads that hash");
    passwords.number("queue", 1, 10'000, out.queue, "hashes that may wait; beyond: 503");
    passwords.finish();
}

void read_revocation(Reader revocation, gateway::RevocationSettings& out) {
    revocation.seconds("stale_after", out.stale_after,
                       "not hearing of others' sign-outs for so long is being stale");
    std::string when_stale = out.when_stale == gateway::WhenStale::Closed ? "closed" : "open";
    revocation.choice("when_stale", {"open", "closed"}, when_stale,
                      "open: tokens are accepted then; closed: 503. Each route may say its own");
    out.when_stale = when_stale == "closed" ? gateway::WhenStale::Closed : gateway::WhenStale::Open;
    if (out.stale_after < std::chrono::seconds{2}) {
        revocation.problem("stale_after", "must be at least 2s: it is looked for every second");
    }
    revocation.finish();
}

void read_log(Reader log, gateway::LoggedRequests& out) {
    using gateway::LoggedRequests;
    std::string access = "off";
    log.choice("access", {"off", "errors", "all"}, access,
               "finished requests on standard output, a line of JSON each; errors: 400 and above");
    if (access == "errors") out = LoggedRequests::Errors;
    if (access == "all") out = LoggedRequests::All;
    log.finish();
}

// Of our public keys: made from public_url, never from Host; without one, from an issuer that is a
// URL, or from the first listener, which then is on this machine or behind a name nobody told us.
std::string jwks_url(const std::string& public_url, const tokens::TokenSettings& tokens,
                     const http::ServerSettings& server) {
    std::string base = public_url;
    if (base.empty() && parse_url(tokens.issuer)) base = tokens.issuer;
    for (const net::ListenAddress& endpoint : server.listen) {
        if (!base.empty() || endpoint.host.empty()) continue;
        const bool is_ipv6 = endpoint.host.contains(':');
        base = (server.tls.empty() ? "http://" : "https://") +
               (is_ipv6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" +
               std::to_string(endpoint.port);
    }
    while (base.ends_with('/')) base.pop_back();
    return base + "/.well-known/jwks.json";
}

// Where a listener may send clients: never to a host that only they name.
void check_redirect(Reader& root, const Settings& settings) {
    if (settings.server.redirect.empty()) return;
    const bool has_url = settings.gateway.public_url.starts_with("https://");
    const bool has_host =
        std::ranges::any_of(settings.gateway.services, [](const gateway::ServiceSettings& service) {
            return std::ranges::any_of(service.routes, [&](const gateway::RouteSettings& route) {
                return !service.hosts_of(route).empty();
            });
        });
    if (!settings.gateway.public_url.empty() && !has_url) {
        root.problem("server.redirect", "sends to https, and public_url is not https://");
    } else if (!has_url && !has_host) {
        root.problem("server.redirect",
                     "to where? Set public_url, or the host of a service: what a client names is "
                     "not believed");
    }
    if (settings.server.tls.empty() && !settings.server.behind_tls_proxy) {
        root.problem("server.redirect", "sends to https, and nothing speaks it: set server.tls");
    }
}

void check_exposure(Reader& root, const http::ServerSettings& server) {
    if (!is_private(server.admin)) {
        root.problem("server.admin", "metrics and health belong on a loopback or private address");
    }
    if (!server.tls.empty() || server.behind_tls_proxy) return;
    for (const net::ListenAddress& endpoint : server.listen) {
        if (is_local(endpoint)) continue;
        root.problem("server.listen",
                     endpoint.host +
                         " is reachable from outside without TLS: set server.tls, or "
                         "server.behind_tls_proxy: true when a proxy in front has it");
    }
}

// Fields by which a service knows the client, from whoever sends them.
void check_forward_fields(Reader& root, const Settings& settings) {
    if (!settings.server.trusted_proxies.empty()) return;
    for (const gateway::ServiceSettings& service : settings.gateway.services) {
        if (service.forward_fields.empty()) continue;
        root.warning(
            "services." + service.name,
            "forward_fields pass from every client, who may make them up: name the proxies "
            "that set them in server.trusted_proxies");
    }
}

}  // namespace

void read_settings(Reader root, Settings& out) {
    int version = 1;
    root.number("version", 1, 1, version, "of this format");
    std::string& url = out.gateway.public_url;
    root.text("public_url", url, "where clients reach us; links are made from it, never from Host");
    if (!url.empty() && !parse_url(url)) {
        root.problem("public_url", "must be a URL: https://api.example.com");
    }
    read_server(root.section("server", "the listeners"), out.server);
    read_identity(root.section("identity", "whether people sign in here"), out.role_definitions,
                  out.gateway.built_in);
    read_tokens(root.section("tokens", "access and refresh tokens"), out.needs_token_secret,
                out.has_identity(), out.tokens);
    read_store(root.section("store", "where the data lives"), out.role_definitions, out.store);
    read_keys(root.section("keys", "people's keys, apart from the data"), out.store, out.keys);
    read_state(root.section("state", "what several gateways share: the counts of limits"),
               out.state);
    read_passwords(root.section("passwords", "how passwords are hashed"), out.passwords);
    read_names(root.section("names", "people's names"), out.gateway.names);
    read_access(root.section("access", "roles and permissions"), out.roles);
    read_cors(root.section("cors", "browsers of other origins"), out.gateway.cors);
    read_headers(root.section("headers", "of every response, such as the security headers"),
                 out.gateway.headers);
    read_limits(root.section("limits", "how often a client may ask"), out.gateway.limits,
                out.gateway.ipv6_prefix);
    read_revocation(root.section("revocation", "sign-outs that other processes tell of"),
                    out.gateway.revocation);
    read_services(root.section("services", "what is behind the gateway"), out.role_definitions,
                  out.gateway);
    read_fleet(root.section("fleet", "roles in processes of their own (serve --role)"), out.fleet);
    read_log(root.section("log", "what is said of requests"), out.gateway.access_log);
    out.tokens.jwks_url = jwks_url(url, out.tokens, out.server);
    check_exposure(root, out.server);
    check_redirect(root, out);
    check_verifiable(root, out);
    check_permissions(root, out);
    check_forward_fields(root, out);
    // Saying so beats both refusing a configuration that is right and letting an operator believe
    // that it does something.
    root.without_effect("federation");
    root.finish();
}

}  // namespace merlon::config

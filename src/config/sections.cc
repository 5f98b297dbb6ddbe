// Reading the sections but services and limits.
#include "config/sections.h"

#include <limits>

#include "config/values.h"
#include "crypto/shared_secret.h"

namespace merlon::config {
namespace {

void read_endpoints(Reader& server, std::vector<http::Endpoint>& out) {
    std::vector<std::string> texts;
    server.texts("listen", texts);
    if (texts.empty()) return;
    out.clear();
    for (const std::string& text : texts) {
        if (const auto endpoint = parse_endpoint(text)) {
            out.push_back(*endpoint);
        } else {
            server.problem(
                nullptr, "listen",
                "\"" + text + "\" is no address: 127.0.0.1:3000, [::1]:3000 or unix:/path");
        }
    }
}

void read_timeouts(Reader timeouts, http::Timeouts& out) {
    timeouts.duration("header", out.header);
    timeouts.duration("body", out.body);
    timeouts.duration("idle", out.idle);
    timeouts.duration("upstream", out.upstream);
    timeouts.duration("drain", out.drain);
    timeouts.finish();
}

void read_size_limits(Reader limits, http::Limits& out) {
    limits.size("body", out.body_bytes);
    limits.size("target", out.target_bytes);
    limits.size("headers", out.header_bytes);
    std::int64_t fields = static_cast<std::int64_t>(out.fields);
    limits.number("fields", 1, 1'000, fields);
    out.fields = static_cast<std::size_t>(fields);
    std::string connections = "auto";
    limits.text("connections", connections);
    if (connections != "auto") {
        if (const auto count = parse_size(connections)) {
            out.connections = *count;
        } else {
            limits.problem(nullptr, "connections", "must be auto or a whole number");
        }
    }
    limits.finish();
}

// What is wrong with where an issuer's keys are; empty: nothing.
std::string wrong_jwks(const tokens::TrustedIssuer& issuer) {
    if (issuer.jwks.starts_with("file:")) return {};
    const auto url = parse_url(issuer.jwks);
    if (!url || !url->user.empty() || (url->scheme != "https" && url->scheme != "http")) {
        return "must be https://host/path or file:/path";
    }
    if (url->scheme == "http" && !issuer.private_network) {
        return "http:// is for private addresses only, and needs private_network: true";
    }
    return {};
}

void read_trusted(const Node* list, ReadContext& context, std::vector<tokens::TrustedIssuer>& out) {
    if (list == nullptr) return;
    if (!list->is_list()) {
        context.problems.push_back(
            {Grade::Error, list->origin, "tokens.trusted", "must be a list of issuers"});
        return;
    }
    for (const Node& item : list->items) {
        Reader one(context, &item, "tokens.trusted");
        tokens::TrustedIssuer issuer;
        one.text("issuer", issuer.issuer);
        one.text("jwks", issuer.jwks);
        one.text("audience", issuer.audience);
        one.boolean("private_network", issuer.private_network);
        one.text("ca", issuer.ca_path);
        if (issuer.issuer.empty() || issuer.jwks.empty() || issuer.audience.empty()) {
            one.problem(&item, "", "needs issuer, jwks and audience");
        } else if (const std::string wrong = wrong_jwks(issuer); !wrong.empty()) {
            one.problem(&item, "jwks", wrong);
        }
        one.finish();
        out.push_back(std::move(issuer));
    }
}

void read_tokens(Reader tokens, ReadContext& context, tokens::TokenSettings& out) {
    tokens.secret("secret", out.secret);
    tokens.secret("refresh_secret", out.refresh_secret);
    std::string algorithm = out.secret.empty() ? "ES256" : "HS256";
    const Node* said = tokens.take("algorithm");
    tokens.text("algorithm", algorithm);
    if (const auto parsed = crypto::parse_algorithm(algorithm)) {
        out.algorithm = *parsed;
    } else {
        tokens.problem(said, "algorithm", "must be ES256, EdDSA, RS256 or HS256");
    }
    if (out.algorithm == tokens::Algorithm::HS256 && out.secret.empty()) {
        tokens.problem(said, "algorithm", "HS256 needs a shared secret: set JWT_SECRET");
    }
    if (!out.secret.empty()) {
        const auto sound = crypto::check_shared_secret(out.secret);
        if (!sound) tokens.problem(tokens.take("secret"), "secret", sound.error().detail);
    }
    tokens.text("issuer", out.issuer);
    tokens.text("audience", out.audience);
    tokens.seconds("access_ttl", out.access_ttl);
    tokens.seconds("refresh_ttl", out.refresh_ttl);
    tokens.seconds("reuse_grace", out.reuse_grace);
    read_trusted(tokens.take("trusted"), context, out.trusted);
    tokens.finish();
}

void read_roles(Reader access, ReadContext& context, access::Roles& out) {
    const Node* node = access.take("roles");
    if (node != nullptr) {
        std::map<std::string, std::vector<std::string>> roles;
        Reader reader(context, node, "access.roles");
        for (const Entry& entry : node->entries) reader.texts(entry.name, roles[entry.name]);
        if (auto made = access::Roles::make(roles)) {
            out = *std::move(made);
        } else {
            access.problem(
                node, "roles",
                made.error().detail.empty() ? std::string(made.error().rule) : made.error().detail);
        }
    }
    access.finish();
}

constexpr std::string_view sqlite_scheme = "sqlite:";

void read_database_url(Reader& section, std::string& out) {
    const Node* said = section.take("url");
    section.text("url", out);
    if (!out.starts_with(sqlite_scheme) || out.size() == sqlite_scheme.size()) {
        section.problem(said, "url", "must be sqlite:path in this version");
    }
}

void read_store(Reader store, storage::StoreSettings& out) {
    read_database_url(store, out.url);
    store.finish();
}

void read_keys(Reader keys, const storage::StoreSettings& store, sealing::KeySettings& out) {
    // Beside the data unless said otherwise.
    const std::string path = store.url.substr(sqlite_scheme.size());
    const std::size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
    out.url = std::string(sqlite_scheme) + folder + "keys.db";
    out.master_path = folder + "master.key";
    read_database_url(keys, out.url);
    keys.secret("master", out.master);
    keys.finish();
}

void read_passwords(Reader passwords, ReadContext& context, identity::PasswordSettings& out) {
    std::string hash = "bcrypt";
    const Node* said = passwords.take("hash");
    passwords.text("hash", hash);
    if (hash == "argon2id") {
        out.hash = identity::PasswordHash::Argon2id;
    } else if (hash != "bcrypt") {
        passwords.problem(said, "hash", "must be bcrypt or argon2id");
    }
    std::int64_t cost = out.bcrypt_cost;
    std::int64_t workers = out.workers;
    std::int64_t queue = static_cast<std::int64_t>(out.queue);
    const Node* cost_said = passwords.take("bcrypt_cost");
    passwords.number("bcrypt_cost", 4, 16, cost);
    passwords.number("workers", 1, 64, workers);
    passwords.number("queue", 1, 10'000, queue);
    out.bcrypt_cost = static_cast<int>(cost);
    out.workers = static_cast<unsigned>(workers);
    out.queue = static_cast<std::size_t>(queue);
    if (cost < 10 && cost_said != nullptr) {
        context.problems.push_back({Grade::Warning, cost_said->origin, "passwords.bcrypt_cost",
                                    "below 10 a stolen hash is quick to guess"});
    }
    passwords.finish();
}

void read_cors(Reader cors, gateway::CorsSettings& out) {
    cors.texts("origins", out.origins);
    for (const std::string& origin : out.origins) {
        if (!is_web_origin(origin)) {
            cors.problem(nullptr, "origins",
                         "\"" + origin + "\" is no origin such as https://shop.example.com");
        }
    }
    cors.boolean("credentials", out.credentials);
    cors.finish();
}

// Sections of roles that this version does not have. Saying so beats both refusing a configuration
// that is right and letting an operator believe that it does something.
void warn_of_absent_roles(Reader& root, ReadContext& context) {
    for (const std::string_view name : {"state", "revocation", "federation"}) {
        if (const Node* node = root.take(name)) {
            context.problems.push_back(
                {Grade::Warning, node->origin, std::string(name), "has no effect in this version"});
        }
    }
}

void check_exposure(Reader& root, const Settings& settings) {
    const http::ServerSettings& server = settings.server;
    if (!is_private(server.admin)) {
        root.problem(nullptr, "server.admin",
                     "metrics and health belong on a loopback or private address");
    }
    if (!server.tls.empty() || server.behind_tls_proxy) return;
    for (const http::Endpoint& endpoint : server.listen) {
        if (is_local(endpoint)) continue;
        root.problem(nullptr, "server.listen",
                     endpoint.host +
                         " is reachable from outside without TLS: set server.tls, or "
                         "server.behind_tls_proxy: true when a proxy in front has it");
    }
}

}  // namespace

void read_server(Reader server, http::ServerSettings& out) {
    read_endpoints(server, out.listen);
    std::string admin;
    server.text("admin", admin);
    if (!admin.empty()) {
        if (const auto endpoint = parse_endpoint(admin)) {
            out.admin = *endpoint;
        } else {
            server.problem(nullptr, "admin", "\"" + admin + "\" is no address: 127.0.0.1:9090");
        }
    }
    std::int64_t workers = 0;
    server.number("workers", 0, 256, workers);
    out.workers = static_cast<unsigned>(workers);
    Reader tls = server.section("tls");
    if (tls.exists()) {
        http::TlsSettings settings;
        tls.text("certificate", settings.certificate_path);
        tls.text("key", settings.key_path);
        if (settings.certificate_path.empty() || settings.key_path.empty()) {
            tls.problem(nullptr, "", "needs certificate and key, two PEM files");
        }
        tls.finish();
        out.tls.push_back(settings);
    }
    server.boolean("behind_tls_proxy", out.behind_tls_proxy);
    server.texts("trusted_proxies", out.trusted_proxies);
    for (const std::string& cidr : out.trusted_proxies) {
        if (!is_cidr(cidr)) {
            server.problem(nullptr, "trusted_proxies",
                           "\"" + cidr + "\" is no network: 10.0.0.0/8");
        }
    }
    read_timeouts(server.section("timeouts"), out.timeouts);
    read_size_limits(server.section("limits"), out.limits);
    server.finish();
}

void read_settings(ReadContext& context, const Node& tree, Settings& settings) {
    Reader root(context, &tree, "");
    std::int64_t version = 1;
    root.number("version", 1, 1, version);
    root.text("public_url", settings.gateway.public_url);
    if (!settings.gateway.public_url.empty() && !parse_url(settings.gateway.public_url)) {
        root.problem(root.take("public_url"), "public_url",
                     "must be a URL: https://api.example.com");
    }
    read_server(root.section("server"), settings.server);
    read_tokens(root.section("tokens"), context, settings.tokens);
    read_store(root.section("store"), settings.store);
    read_keys(root.section("keys"), settings.store, settings.keys);
    read_passwords(root.section("passwords"), context, settings.passwords);
    read_roles(root.section("access"), context, settings.roles);
    read_cors(root.section("cors"), settings.gateway.cors);
    read_limits(root.section("limits"), context, tree.find("limits"), settings.gateway);
    read_services(root.section("services"), context, tree.find("services"), settings.gateway);
    check_exposure(root, settings);
    warn_of_absent_roles(root, context);
    root.finish();
}

}  // namespace merlon::config

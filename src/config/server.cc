// Reading `server`: listeners, timers, sizes, TLS.
#include <algorithm>

#include "config/sections.h"
#include "config/values.h"
#include "dns/resolver.h"
#include "gateway/snapshot/client_address.h"

namespace merlon::config {
namespace {

void read_listen_addresses(Reader& server, std::string_view key, std::string_view description,
                           std::vector<net::ListenAddress>& out) {
    std::vector<std::string> texts;
    for (const net::ListenAddress& endpoint : out) texts.push_back(listen_address_text(endpoint));
    server.texts(key, texts, description);
    if (texts.empty()) return;
    out.clear();
    for (const std::string& text : texts) {
        if (const auto endpoint = parse_listen_address(text)) {
            out.push_back(*endpoint);
        } else {
            server.problem(key, "\"" + text +
                                    "\" is no address: 127.0.0.1:3000, [::1]:3000 or "
                                    "unix:/path");
        }
    }
}

void read_admin(Reader& server, net::ListenAddress& out) {
    std::string admin = listen_address_text(out);
    server.text("admin", admin, "address of health and metrics, private");
    if (const auto endpoint = parse_listen_address(admin)) {
        out = *endpoint;
    } else {
        server.problem("admin", "\"" + admin + "\" is no address: 127.0.0.1:9090");
    }
}

net::TlsSettings read_pair(Reader& tls) {
    net::TlsSettings settings;
    tls.text("certificate", settings.certificate_path, "PEM file: the chain, leaf first");
    tls.text("key", settings.key_path, "PEM file: the certificate's key");
    if (tls.exists() && (settings.certificate_path.empty() || settings.key_path.empty())) {
        tls.problem("", "needs certificate and key, two PEM files");
    }
    return settings;
}

// The first is what a client gets that names no host, or one that no certificate is for.
void read_tls(Reader tls, std::vector<net::TlsSettings>& out) {
    net::TlsSettings first = read_pair(tls);
    std::vector<net::TlsSettings> more;
    for (Reader& one :
         tls.items("certificates", "more of them: each for the hosts that it names (SNI)")) {
        more.push_back(read_pair(one));
        one.finish();
    }
    tls.finish();
    if (!tls.exists()) return;
    out.push_back(std::move(first));
    if (tls.describes()) return;
    std::ranges::move(more, std::back_inserter(out));
}

void read_trusted_proxies(Reader& server, std::vector<std::string>& out) {
    server.texts("trusted_proxies", out,
                 "networks whose X-Forwarded-For is believed, 10.0.0.0/8; unix: Unix sockets'");
    for (const std::string& name : out) {
        if (name == gateway::unix_peer || is_cidr(name)) continue;
        server.problem("trusted_proxies",
                       "\"" + name + "\" is neither a network such as 10.0.0.0/8 nor unix");
    }
}

void read_dns_servers(Reader& server, std::vector<std::string>& out) {
    server.texts("dns_servers", out,
                 "who is asked for the names of services: 10.0.0.2, [fd00::2]:5353; none: those "
                 "of /etc/resolv.conf");
    for (const std::string& name : out) {
        if (dns::is_server_address(name)) continue;
        server.problem("dns_servers", "\"" + name + "\" is no address: 10.0.0.2 or 10.0.0.2:53");
    }
}

void read_timeouts(Reader timeouts, http::Timeouts& out) {
    timeouts.duration("header", out.header, "first byte of a request to the end of its head");
    timeouts.duration("body", out.body, "between two reads of a body, or two writes of one");
    timeouts.duration("upload", out.upload, "a whole body, unless its route has a longer timeout");
    timeouts.duration("stream", out.stream,
                      "how long nothing may pass in an event stream or a WebSocket whose route "
                      "and service have no timeout");
    for (const auto& [name, value] : {std::pair{"upload", out.upload}, {"stream", out.stream}}) {
        if (value < std::chrono::seconds{1}) timeouts.problem(name, "must be at least 1s");
    }
    timeouts.duration("idle", out.idle, "how long a kept connection may wait for a request");
    timeouts.duration("upstream", out.upstream, "request sent to the first byte of the answer");
    timeouts.duration("drain", out.drain, "SIGTERM to the end of the last request");
    timeouts.duration("admin", out.admin,
                      "on the admin listener: for a head, a body, the next request");
    timeouts.finish();
}

void read_sizes(Reader limits, http::Limits& out) {
    limits.size("body", out.body_bytes, "a request's body");
    limits.size("target", out.target_bytes, "a request's target");
    limits.size("headers", out.header_bytes, "the whole header block");
    limits.number("fields", 1, 1'000, out.fields, "header fields of a request");
    limits.size("upload_rate", out.upload_rate,
                "the least that a body has to come with, in bytes a second; 0: no matter");
    limits.count_or_auto("connections", out.connections,
                         "connections at a time; auto: from RLIMIT_NOFILE");
    limits.count_or_auto("connections_per_client", out.connections_per_client,
                         "of one client address (IPv6: a /64); auto: half of all");
    limits.number("admin_connections", 4, 10'000, out.admin_connections,
                  "connections of the admin listener at a time");
    limits.finish();
}

// All clients behind a Unix socket would be one client to limits, and to the lock of accounts.
void check_unix_sockets(Reader& server, const http::ServerSettings& settings) {
    if (std::ranges::find(settings.trusted_proxies, gateway::unix_peer) !=
        settings.trusted_proxies.end()) {
        return;
    }
    for (const net::ListenAddress& endpoint : settings.listen) {
        if (endpoint.unix_path.empty()) continue;
        server.problem("listen", "unix:" + endpoint.unix_path +
                                     ": limits would count all of its clients as one: set "
                                     "server.trusted_proxies: [unix], and have the proxy in front "
                                     "send X-Forwarded-For");
    }
}

}  // namespace

void read_server(Reader server, http::ServerSettings& out) {
    read_listen_addresses(server, "listen",
                          "addresses of the public listener: host:port or unix:/path", out.listen);
    read_listen_addresses(server, "redirect",
                          "addresses that send every request to https (308): 0.0.0.0:80",
                          out.redirect);
    read_admin(server, out.admin);
    server.number("workers", 0, 256, out.workers, "threads that serve; 0: one per core");
    read_tls(server.section("tls", "TLS of the public listener"), out.tls);
    server.boolean("behind_tls_proxy", out.behind_tls_proxy,
                   "a proxy in front has the TLS, so listening outside without it is meant");
    read_trusted_proxies(server, out.trusted_proxies);
    read_dns_servers(server, out.dns_servers);
    check_unix_sockets(server, out);
    read_timeouts(server.section("timeouts", "how long each wait may take"), out.timeouts);
    read_sizes(server.section("limits", "how large a request may be"), out.limits);
    server.finish();
}

}  // namespace merlon::config

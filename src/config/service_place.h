// Reading where a service is, and where clients find it: its URLs, its hosts, its prefix.
#pragma once

#include "config/reader.h"
#include "gateway/snapshot/settings.h"
#include "net/tls.h"

namespace merlon::config {

// `host` of a service, a route or a limit.
void read_hosts(Reader& reader, std::vector<std::string>& out);

// Each of `url` with what the service's other keys ask of it.
void check_urls(Reader& reader, const std::vector<std::string>& urls, const std::string& identity,
                const net::TlsClientSettings& tls);

// How the service's host and paths differ from those that clients know.
void read_place(Reader& reader, gateway::ServiceSettings& out);
// Once the routes are read: each is below strip_prefix.
void check_prefix(Reader& reader, const gateway::ServiceSettings& service);

}  // namespace merlon::config

// Reading where the built-in roles are when they run in processes of their own: `fleet`.
#include "config/sections.h"
#include "config/values.h"
#include "rpc/identities.h"
#include "upstream/upstream.h"

namespace merlon::config {
namespace {

void read_role(Reader reader, const rpc::FleetSettings& fleet, rpc::RoleSettings& out) {
    std::string listen = listen_address_text(out.listen);
    reader.text("listen", listen, "address and port of its own listener, for other roles only");
    if (const auto endpoint = parse_listen_address(listen);
        endpoint && endpoint->unix_path.empty()) {
        out.listen = *endpoint;
    } else {
        reader.problem("listen", "must be 127.0.0.1:3001 or [::1]:3001");
    }
    reader.texts("url", out.urls, "where the others reach it: https://host:port, or a list");
    for (const std::string& url : out.urls) {
        if (!url.starts_with("https://")) {
            reader.problem("url", url + ": roles speak mutual TLS only: https://host:port");
        } else if (const auto parsed = upstream::parse_upstream_url(url); !parsed) {
            reader.problem("url", parsed.error().detail);
        }
    }
    if (out.urls.empty()) reader.problem("url", "where is it? https://host:port");
    reader.texts("callers", out.callers,
                 "who may act for users there: names of this domain, or spiffe://domain/path");
    for (const std::string& caller : out.callers) {
        if (!rpc::id_of(fleet, caller)) reader.problem("callers", caller + ": no such identity");
    }
    reader.finish();
}

}  // namespace

void read_fleet(Reader fleet, rpc::FleetSettings& out) {
    fleet.text("domain", out.trust_domain, "trust domain of the roles' SPIFFE IDs");
    fleet.text("namespace", out.name_space, "spiffe://domain/ns/NAMESPACE/sa/role");
    fleet.text("certificates", out.certificates,
               "folder with ca.crt, and role.crt and role.key of every role that runs here");
    if (out.certificates.empty()) fleet.problem("certificates", "which folder?");
    if (!rpc::id_of(out, "auth")) {
        fleet.problem("domain", "domain and namespace do not make a SPIFFE ID");
    }
    for (auto& [name, role] : out.roles) {
        read_role(fleet.section(name, "the role in processes of its own"), out, role);
    }
    fleet.finish();
}

}  // namespace merlon::config

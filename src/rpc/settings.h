// The settings of roles in processes of their own: addresses, certificates, SPIFFE IDs. Filled by
// config/.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "http/settings.h"

namespace merlon::rpc {

// A built-in role in processes of its own.
struct RoleSettings {
    net::ListenAddress listen;         // of this process, when it runs the role
    std::vector<std::string> urls;     // where the others reach it: https://host:port
    std::vector<std::string> callers;  // who may act for users there: names, or SPIFFE IDs

    bool operator==(const RoleSettings&) const = default;
};

struct FleetSettings {
    std::string trust_domain = "cluster.local";
    std::string name_space = "default";
    // Folder with ca.crt and, for each role of a process, ROLE.crt and ROLE.key.
    std::string certificates = "pki";
    // Of auth, users, products and orders. A gateway's listeners are server.listen.
    std::map<std::string, RoleSettings, std::less<>> roles;

    bool operator==(const FleetSettings&) const = default;
};

}  // namespace merlon::rpc

// Which roles run in processes of their own, where, and who they are. Filled by config/.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "http/settings.h"

namespace merlon::fleet {

// A built-in role in processes of its own.
struct RoleSettings {
    http::Endpoint listen;             // of this process, when it runs the role
    std::vector<std::string> urls;     // where the others reach it: https://host:port
    std::vector<std::string> callers;  // who may act for users there: names, or SPIFFE IDs
};

struct FleetSettings {
    std::string trust_domain = "cluster.local";
    std::string name_space = "default";
    // Folder with ca.crt and, for each role of a process, ROLE.crt and ROLE.key.
    std::string certificates = "pki";
    std::map<std::string, RoleSettings, std::less<>> roles;
};

}  // namespace merlon::fleet

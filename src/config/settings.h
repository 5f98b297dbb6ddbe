// Everything an operator can say, as typed values: what load() makes of merlon.yaml.
#pragma once

#include "access/access.h"
#include "gateway/snapshot/settings.h"
#include "http/settings.h"
#include "identity/passwords/settings.h"
#include "identity/store/schema.h"
#include "redis/settings.h"
#include "roles/roles.h"
#include "rpc/settings.h"
#include "sealing/settings.h"
#include "storage/open/settings.h"
#include "tokens/settings.h"

namespace merlon::config {

// Move-only, because secrets are. Paths of files are as written: absolute, or relative to where
// the process runs.
struct Settings {
    http::ServerSettings server;
    gateway::GatewaySettings gateway;  // with public_url, services, limits, cors
    storage::StoreSettings store;
    sealing::KeySettings keys;
    redis::StateSettings state;
    tokens::TokenSettings tokens;
    identity::PasswordSettings passwords;
    roles::Definitions role_definitions = roles::all();  // that there are in this program
    // Whether this process signs or verifies with tokens.secret: a role that asks auth does not.
    bool needs_token_secret = true;
    rpc::FleetSettings fleet = roles::default_fleet(role_definitions);
    access::Roles roles = access::Roles::defaults();

    // Whether this installation signs people in. Without, it is a gateway alone: no built-in role,
    // no store.
    bool has_identity() const { return gateway.built_in.has(identity::auth_role); }
};

}  // namespace merlon::config

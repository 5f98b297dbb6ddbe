// Everything an operator can say, as typed values: what load() makes of merlon.yaml.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "access/access.h"
#include "base/secret.h"
#include "gateway/settings.h"
#include "http/settings.h"
#include "identity/settings.h"
#include "sealing/settings.h"
#include "storage/settings.h"
#include "tokens/settings.h"

namespace merlon::config {

// Where limits and revocations are shared between processes: "memory:", redis:// or rediss://.
struct StateSettings {
    std::string url = "memory:";
    Secret password;
};

// An identity provider people may sign in with.
struct ProviderSettings {
    std::string name;
    std::string issuer;
    std::string client_id;
    Secret client_secret;
    std::vector<std::string> scopes;
    bool private_network = false;  // the issuer may live on a private address
};

// Where vault: and aws: references are looked up.
struct SecretStoreSettings {
    std::string vault_address;
    Secret vault_token;
    std::string aws_region;
};

// Move-only, because secrets are. Paths of files are absolute or relative to the process, never to
// the configuration file: load() has resolved them.
struct Settings {
    http::ServerSettings server;
    gateway::GatewaySettings gateway;  // with public_url, services, limits, cors, revocation
    storage::StoreSettings store;
    sealing::KeySettings keys;
    StateSettings state;
    tokens::TokenSettings tokens;
    identity::PasswordSettings passwords;
    access::Roles roles = access::Roles::defaults();
    std::vector<ProviderSettings> federation;
    SecretStoreSettings secret_stores;
    std::set<std::string> disabled_services;  // built-in ones with `enabled: false`
};

}  // namespace merlon::config

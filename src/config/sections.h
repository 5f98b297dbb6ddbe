// The sections of merlon.yaml, one function each. Their keys are documented where they are read.
#pragma once

#include "config/reader.h"
#include "config/settings.h"

namespace merlon::config {

void read_settings(Reader root, Settings& settings);

// Leaves every built-in role out where there is no identity.
void read_identity(Reader identity, roles::Definitions roles, gateway::BuiltInServices& out);
// Without identity, somebody else's tokens have to be verified by something.
void check_verifiable(Reader& root, const Settings& settings);
void read_store(Reader store, roles::Definitions roles, storage::StoreSettings& out);
// Beside the data unless said otherwise.
void read_keys(Reader keys, const storage::StoreSettings& store, sealing::KeySettings& out);
void read_fleet(Reader fleet, rpc::FleetSettings& out);
void read_state(Reader state, redis::StateSettings& out);
void read_trusted_issuers(std::vector<Reader> list, std::vector<tokens::TrustedIssuer>& out);
void read_server(Reader server, http::ServerSettings& out);
void read_services(Reader services, roles::Definitions roles, gateway::GatewaySettings& out);
void read_cors(Reader cors, gateway::CorsSettings& out);
// Of responses: everywhere, of a service, of a route.
void read_headers(Reader headers, gateway::HeaderSettings& out);
// Of the requests that a service gets.
void read_request_headers(Reader headers, gateway::HeaderSettings& out);
// Adds what `cors` names to the lists that are in `out`.
void read_cors_lists(Reader& cors, gateway::CorsLists& out);
void read_limits(Reader limits, std::vector<gateway::LimitSettings>& out, int& ipv6_prefix);

}  // namespace merlon::config

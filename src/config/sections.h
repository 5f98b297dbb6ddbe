// The sections of merlon.yaml, one function each (contract.md, "Configuration").
#pragma once

#include "config/reader.h"
#include "config/settings.h"

namespace merlon::config {

void read_settings(ReadContext& context, const Node& root, Settings& settings);

void read_server(Reader server, http::ServerSettings& out);
void read_services(Reader services, ReadContext& context, const Node* node,
                   gateway::GatewaySettings& out);
void read_limits(Reader limits, ReadContext& context, const Node* node,
                 gateway::GatewaySettings& out);

}  // namespace merlon::config

// Reading `identity`, and what an installation without its own sign-in needs instead.
#include "config/sections.h"

namespace merlon::config {

void read_identity(Reader identity, roles::Definitions roles, gateway::BuiltInServices& out) {
    bool is_enabled = true;
    identity.boolean("enabled", is_enabled,
                     "false: the gateway alone, without a store; services of your own sign people "
                     "in, and the paths of the built-in roles are theirs");
    identity.finish();
    if (is_enabled) return;
    for (const rpc::RoleDefinition& role : roles) out.left_out.emplace(role.name);
}

void check_verifiable(Reader& root, const Settings& settings) {
    const tokens::TokenSettings& tokens = settings.tokens;
    if (settings.has_identity() || !tokens.secret.empty() || !tokens.trusted.empty()) return;
    for (const gateway::ServiceSettings& service : settings.gateway.services) {
        for (const gateway::RouteSettings& route : service.routes) {
            if (route.allow == gateway::Allow::Public) continue;
            return root.problem("identity.enabled",
                                "false, and nothing verifies the tokens that " + route.source +
                                    " asks for: set JWT_SECRET (tokens.secret), or tokens.trusted");
        }
    }
}

}  // namespace merlon::config

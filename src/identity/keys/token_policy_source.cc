// Reads the part of the token policy that the database stores.
#include "identity/keys/token_policy_source.h"

#include "identity/keys/token_lifetimes.h"

namespace merlon::identity {

Task<tokens::Rings> TokenPolicySource::load_rings(const tokens::TokenSettings& settings) {
    if (settings.algorithm == tokens::Algorithm::HS256) {
        co_return tokens::Rings::of_secrets(settings);
    }
    co_return co_await keys_.load({settings.algorithm, settings.access_ttl, settings.refresh_ttl});
}

Task<TokenPolicy> TokenPolicySource::load(const tokens::TokenSettings& settings,
                                          access::Roles roles) {
    const tokens::Rings rings = MERLON_CO_TRY(co_await load_rings(settings));
    const std::chrono::seconds longest_ttl =
        MERLON_CO_TRY(co_await remember_access_ttl(database_, clock_.wall(), settings.access_ttl));
    co_return TokenPolicy{tokens::Issuer(settings, rings, entropy_), settings.algorithm,
                          settings.reuse_grace, longest_ttl,
                          std::make_shared<const access::Roles>(std::move(roles))};
}

Task<TokenPolicy> TokenPolicySource::refresh(std::shared_ptr<const TokenPolicy> current) {
    tokens::Rings rings = current->issuer.rings();
    if (current->algorithm != tokens::Algorithm::HS256) {
        rings = MERLON_CO_TRY(co_await keys_.read());
    }
    TokenPolicy next = current->with(std::move(rings));
    next.longest_access_ttl = MERLON_CO_TRY(co_await longest_access_ttl(database_, clock_.wall()));
    co_return next;
}

Task<std::string> TokenPolicySource::fingerprint() {
    const storage::Rows rows = MERLON_CO_TRY(co_await database_.query(
        "SELECT kid, signs_from, COALESCE(retires_at, 0), COALESCE(refresh_until, 0) "
        "FROM signing_keys UNION ALL SELECT 'life', seconds, COALESCE(until, 0), 0 "
        "FROM token_lives ORDER BY 1, 2"));
    std::string text;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        text += rows[i].text(0);
        for (const std::size_t column : {1U, 2U, 3U}) {
            text += ' ' + std::to_string(rows[i].integer(column));
        }
        text += '\n';
    }
    co_return text;
}

}  // namespace merlon::identity

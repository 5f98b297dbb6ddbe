// Reading foreign keys.
#include "tokens/trusted_issuers.h"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace merlon::tokens {
namespace {

Result<std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(jwks_bytes_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.empty() || file.bad() || text.size() > jwks_bytes_max) {
        return fail(Kind::Unavailable, "trusted.unreadable", "cannot read the JWKS file " + path);
    }
    return text;
}

Result<std::vector<NamedKey>> load_keys(const TrustedIssuer& settings) {
    constexpr std::string_view scheme = "file:";
    if (!settings.jwks.starts_with(scheme)) {
        return fail(Kind::Invalid, "trusted.scheme", "jwks must be a file: in this version");
    }
    return parse_jwks(MERLON_TRY(read_file(settings.jwks.substr(scheme.size()))));
}

}  // namespace

const NamedKey* IssuerKeys::find(const std::optional<std::string>& kid) const {
    if (!kid) return keys.size() == 1 ? &keys.front() : nullptr;
    const auto found = std::ranges::find(keys, *kid, &NamedKey::kid);
    return found != keys.end() ? &*found : nullptr;
}

Result<TrustedIssuers> TrustedIssuers::load(const std::vector<TrustedIssuer>& issuers) {
    TrustedIssuers loaded;
    for (const TrustedIssuer& settings : issuers) {
        if (loaded.find(settings.issuer) != nullptr) {
            return fail(Kind::Invalid, "trusted.duplicate", settings.issuer);
        }
        auto keys = load_keys(settings);
        if (!keys) {
            keys.error().detail = "tokens.trusted " + settings.issuer +
                                  ": jwks: " + std::string(keys.error().rule) + " " +
                                  keys.error().detail;
            return std::unexpected(std::move(keys).error());
        }
        loaded.issuers_.push_back({settings.issuer, settings.audience, *std::move(keys)});
    }
    return loaded;
}

const IssuerKeys* TrustedIssuers::find(std::string_view issuer) const {
    const auto found = std::ranges::find(issuers_, issuer, &IssuerKeys::issuer);
    return found != issuers_.end() ? &*found : nullptr;
}

}  // namespace merlon::tokens

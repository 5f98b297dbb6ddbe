// Reads the keys of trusted issuers.
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

constexpr std::string_view file_scheme = "file:";

Result<RemoteKeySet::Keys> load_file(const TrustedIssuer& settings) {
    return std::make_shared<const std::vector<NamedKey>>(
        MERLON_TRY(parse_jwks(MERLON_TRY(read_file(settings.jwks.substr(file_scheme.size()))))));
}

}  // namespace

std::optional<crypto::VerifyKey> IssuerKeys::find(const std::optional<std::string>& kid) const {
    const RemoteKeySet::Keys keys = remote ? remote->keys() : file;
    if (!kid && keys->size() == 1) return keys->front().key;
    const auto found = kid ? std::ranges::find(*keys, *kid, &NamedKey::kid) : keys->end();
    if (found != keys->end()) return found->key;
    if (remote) remote->miss();
    return std::nullopt;
}

Result<TrustedIssuers> TrustedIssuers::load(const std::vector<TrustedIssuer>& issuers,
                                            RemoteKeySets& remote) {
    TrustedIssuers loaded;
    for (const TrustedIssuer& settings : issuers) {
        if (loaded.find(settings.issuer) != nullptr) {
            return fail(Kind::Invalid, "trusted.duplicate", settings.issuer);
        }
        IssuerKeys keys{settings.issuer, settings.audience, nullptr, nullptr};
        if (!settings.jwks.starts_with(file_scheme)) {
            using fetch::Network;
            keys.remote = remote.obtain(
                {settings.jwks, settings.private_network ? Network::Private : Network::Public,
                 settings.ca_path});
        } else if (auto file = load_file(settings)) {
            keys.file = *std::move(file);
        } else {
            file.error().detail = "tokens.trusted " + settings.issuer +
                                  ": jwks: " + std::string(file.error().rule) + " " +
                                  file.error().detail;
            return std::unexpected(std::move(file).error());
        }
        loaded.issuers_.push_back(std::move(keys));
    }
    return loaded;
}

std::uint64_t TrustedIssuers::generation() const {
    std::uint64_t sum = 0;
    for (const IssuerKeys& issuer : issuers_)
        sum += issuer.remote ? issuer.remote->generation() : 0;
    return sum;
}

const IssuerKeys* TrustedIssuers::find(std::string_view issuer) const {
    const auto found = std::ranges::find(issuers_, issuer, &IssuerKeys::issuer);
    return found != issuers_.end() ? &*found : nullptr;
}

}  // namespace merlon::tokens

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

using Candidates = std::vector<const NamedKey*>;

template <class Predicate>
Candidates select(const std::vector<NamedKey>& keys, Predicate predicate) {
    Candidates selected;
    for (const NamedKey& key : keys) {
        if (predicate(key)) selected.push_back(&key);
    }
    return selected;
}

Candidates named_by(const wire::CompactJws& jws, const std::vector<NamedKey>& keys) {
    return select(keys, [&](const NamedKey& key) { return jws.key_id && key.kid == *jws.key_id; });
}

Candidates possible_for(const wire::CompactJws& jws, const std::vector<NamedKey>& keys) {
    return select(keys, [&](const NamedKey& key) { return !jws.key_id || key.kid.empty(); });
}

// Error: that of the last one that was tried.
Result<> check_any(const wire::CompactJws& jws, const Candidates& candidates) {
    Result<> checked = fail(Kind::Unknown, algorithm_rule, jws.algorithm);
    std::size_t tries = 0;
    for (const NamedKey* candidate : candidates) {
        if (jws.algorithm != name(candidate->key.algorithm())) continue;
        if (++tries > IssuerKeys::tries_max) break;
        checked = check_signature(jws, candidate->key);
        if (checked) break;
    }
    return checked;
}

}  // namespace

Result<> IssuerKeys::check(const wire::CompactJws& jws) const {
    const RemoteKeySet::Keys keys = remote ? remote->keys() : file;
    const Candidates named = named_by(jws, *keys);
    if (!named.empty()) return check_any(jws, named);
    const Candidates possible = possible_for(jws, *keys);
    if (possible.empty()) return fail(Kind::Unknown, unknown_key_rule);
    Result<> checked = check_any(jws, possible);
    // Nothing but the signature tells a new key from an old one here.
    if (!checked && remote) remote->request_fetch();
    return checked;
}

Result<TrustedIssuers> TrustedIssuers::load(const std::vector<TrustedIssuer>& issuers,
                                            RemoteKeySets& remote) {
    TrustedIssuers loaded;
    for (const TrustedIssuer& settings : issuers) {
        if (loaded.find(settings.issuer) != nullptr) {
            return fail(Kind::Invalid, "trusted.duplicate", settings.issuer);
        }
        IssuerKeys keys{settings.issuer, settings.audience, settings.claims, nullptr, nullptr};
        if (!settings.jwks.starts_with(file_scheme)) {
            using fetch::Network;
            keys.remote = remote.obtain(
                {settings.jwks, settings.private_network ? Network::Private : Network::Public,
                 settings.ca_path});
        } else if (auto file = load_file(settings)) {
            keys.file = *std::move(file);
        } else {
            file.error().detail = "tokens.trusted " + settings.issuer + ": " + settings.jwks +
                                  ": " + std::string(file.error().rule) + " " + file.error().detail;
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

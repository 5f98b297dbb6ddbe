// Builds SPIFFE IDs and file names from role names.
#include "rpc/identities.h"

#include <filesystem>
#include <fstream>

#include "upstream/upstream.h"

namespace merlon::rpc {
namespace {

struct Files {
    std::string authorities;
    std::string certificate;
    std::string key;
};

Files files_of(const FleetSettings& fleet, std::string_view role) {
    const std::filesystem::path folder(fleet.certificates);
    return {(folder / "ca.crt").string(), (folder / (std::string(role) + ".crt")).string(),
            (folder / (std::string(role) + ".key")).string()};
}

}  // namespace

Result<crypto::SpiffeId> id_of(const FleetSettings& fleet, std::string_view name) {
    if (name.starts_with("spiffe:")) return crypto::SpiffeId::parse(name);
    return crypto::SpiffeId::of_account(fleet.trust_domain, {fleet.name_space, name});
}

std::vector<std::string> certificate_files(const FleetSettings& fleet, std::string_view role) {
    const Files files = files_of(fleet, role);
    return {files.authorities, files.certificate, files.key};
}

std::string certificate_path(const FleetSettings& fleet, std::string_view role) {
    return files_of(fleet, role).certificate;
}

Result<Addresses> addresses_of(const FleetSettings& fleet, std::string_view to,
                               std::string_view as) {
    const Files files = files_of(fleet, as);
    const net::TlsClientSettings tls{
        files.authorities, files.certificate, files.key, {MERLON_TRY(id_of(fleet, to))}};
    Addresses addresses;
    for (const std::string& url : fleet.roles.find(to)->second.urls) {
        addresses.push_back(MERLON_TRY(upstream::parse_upstream(url, tls)));
    }
    return addresses;
}

Result<std::shared_ptr<const net::TlsServerContext>> listener_tls(
    const FleetSettings& fleet, std::string_view role, std::vector<crypto::SpiffeId> callers) {
    const Files files = files_of(fleet, role);
    return std::shared_ptr<const net::TlsServerContext>(MERLON_TRY(net::TlsServerContext::make(
        {{files.certificate, files.key}},
        net::TlsClients{files.authorities, {fleet.trust_domain, std::move(callers)}})));
}

Result<std::shared_ptr<const crypto::SigningKey>> certificate_key(const FleetSettings& fleet,
                                                                  std::string_view role) {
    constexpr std::size_t key_bytes_max = 16 << 10;
    const std::string path = files_of(fleet, role).key;
    std::ifstream file(path, std::ios::binary);
    std::string pem(key_bytes_max, '\0');
    file.read(pem.data(), static_cast<std::streamsize>(pem.size()));
    pem.resize(static_cast<std::size_t>(file.gcount()));
    auto key = crypto::SigningKey::from_private_pem(Secret(std::move(pem)));
    if (!key) return fail(Kind::Invalid, "tls.key", path + ": no private key (PEM) can be read");
    return std::make_shared<const crypto::SigningKey>(*std::move(key));
}

}  // namespace merlon::rpc

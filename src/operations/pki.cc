// Makes and reads the folder of a development authority.
#include "operations/pki.h"

#include <algorithm>

#include "base/rfc3339.h"
#include "base/text.h"
#include "config/load.h"
#include "crypto/certificate_authority.h"
#include "operations/whole_file.h"
#include "storage/sqlite/private_file.h"
#include "wire/json_text.h"

namespace merlon::operations {
namespace {

namespace fs = std::filesystem;

// A DNS label (RFC 1123) in lower case, as Kubernetes names service accounts: it is a file's name
// here, and a part of the identity.
bool is_label(std::string_view text) {
    return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
           std::ranges::all_of(text, [](char c) {
               return (c >= 'a' && c <= 'z') || text::is_digit(c) || c == '-';
           });
}

Result<> check_names(const LeafOrder& order) {
    for (const std::string& name : {order.name, order.name_space}) {
        if (is_label(name)) continue;
        return fail(Kind::Invalid, "pki.name",
                    "a name has a-z, 0-9 and hyphens inside, and at most 63 of them");
    }
    if (order.name == "ca") {
        return fail(Kind::Invalid, "pki.name", "ca is the authority's own; choose another name");
    }
    return {};
}

Result<crypto::CertificateAuthority> open_authority(const fs::path& folder) {
    constexpr std::size_t bytes_max = 64 << 10;
    const config::DiskFiles files;
    const auto certificate = files.read((folder / "ca.crt").string(), bytes_max);
    auto key = files.read((folder / "ca.key").string(), bytes_max);
    if (!certificate || !key) {
        return fail(Kind::Absent, "pki.no_authority",
                    folder.string() + " has no ca.crt and ca.key that can be read: " +
                        "merlon pki init -d " + folder.string());
    }
    return crypto::CertificateAuthority::load(*certificate, Secret(*std::move(key)));
}

class JsonObject {
public:
    JsonObject& add(std::string_view name, std::string_view value) {
        json_ += json_.empty() ? '{' : ',';
        wire::append_json_string(json_, name);
        json_ += ':';
        wire::append_json_string(json_, value);
        return *this;
    }
    std::string text() const { return json_ + "}\n"; }

private:
    std::string json_;
};

}  // namespace

Result<AuthorityFiles> make_authority(const fs::path& folder, const std::string& trust_domain,
                                      WallTime now, Entropy& entropy) {
    const auto authority =
        MERLON_TRY(crypto::CertificateAuthority::make(trust_domain, now, entropy));
    MERLON_TRY(storage::make_private_folder(folder));
    AuthorityFiles files{folder / "ca.crt", folder / "ca.key", trust_domain,
                         authority.certificate().expires_at()};
    // Looked at first, so that a certificate without its key does not get another's.
    std::error_code ignored;
    if (fs::symlink_status(files.certificate, ignored).type() != fs::file_type::not_found) {
        return fail(Kind::Conflict, "file.exists",
                    files.certificate.string() + " is there already");
    }
    const Secret key = authority.key_pem();
    MERLON_TRY(create_whole_file(files.key, key.reveal(), mode_private, entropy));
    MERLON_TRY(
        create_whole_file(files.certificate, authority.certificate().pem(), mode_public, entropy));
    return files;
}

Result<LeafFiles> issue_leaf(const fs::path& folder, const LeafOrder& order, WallTime now,
                             Entropy& entropy) {
    MERLON_TRY(check_names(order));
    const crypto::CertificateAuthority authority = MERLON_TRY(open_authority(folder));
    crypto::LeafRequest request{.id = MERLON_TRY(crypto::SpiffeId::of_account(
                                    authority.trust_domain(), {order.name_space, order.name})),
                                .dns_names = order.dns_names,
                                .addresses = order.addresses,
                                .life = std::chrono::days{order.days}};
    if (request.dns_names.empty() && request.addresses.empty()) {
        request.dns_names = {"localhost"};
        request.addresses = {"127.0.0.1"};
    }
    const crypto::IssuedLeaf leaf = MERLON_TRY(authority.issue(request, now, entropy));
    LeafFiles files{folder / (order.name + ".crt"), folder / (order.name + ".key"),
                    folder / "ca.crt", request.id.text(), leaf.certificate.expires_at()};
    MERLON_TRY(replace_whole_file(files.key, leaf.key_pem.reveal(), mode_private, entropy));
    MERLON_TRY(replace_whole_file(files.certificate, leaf.certificate.pem(), mode_public, entropy));
    return files;
}

bool is_usage_error(const Error& error) {
    constexpr std::string_view rules[] = {"pki.name", "spiffe.malformed", "authority.names",
                                          "authority.life"};
    return std::ranges::find(rules, error.rule) != std::end(rules);
}

std::string to_text(const AuthorityFiles& files) {
    return files.certificate.string() + "\n" + files.key.string() + "\n";
}

std::string to_text(const LeafFiles& files) {
    return files.certificate.string() + "\n" + files.key.string() + "\n";
}

std::string to_json(const AuthorityFiles& files) {
    return JsonObject()
        .add("certificate", files.certificate.string())
        .add("key", files.key.string())
        .add("trustDomain", files.trust_domain)
        .add("expiresAt", rfc3339(files.expires_at))
        .text();
}

std::string to_json(const LeafFiles& files) {
    return JsonObject()
        .add("certificate", files.certificate.string())
        .add("key", files.key.string())
        .add("authority", files.authority.string())
        .add("spiffeId", files.spiffe_id)
        .add("expiresAt", rfc3339(files.expires_at))
        .text();
}

}  // namespace merlon::operations

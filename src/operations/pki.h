// merlon pki: a certificate authority in a folder, for development and tests. Who reads its key is
// every service; production has cert-manager, SPIRE or a mesh, which keep theirs elsewhere.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/result.h"

namespace merlon::operations {

struct AuthorityFiles {
    std::filesystem::path certificate;
    std::filesystem::path key;
    std::string trust_domain;
    WallTime expires_at;
};

struct LeafFiles {
    std::filesystem::path certificate;
    std::filesystem::path key;
    std::filesystem::path authority;  // for the other end, to verify it by
    std::string spiffe_id;
    WallTime expires_at;
};

struct LeafOrder {
    std::string name;
    std::string name_space = "default";
    // localhost and 127.0.0.1 when both are empty.
    std::vector<std::string> dns_names;
    std::vector<std::string> addresses;
    int days = 90;
};

// Makes ca.key (0600) and ca.crt in the folder, which is made when absent (0700). Errors:
// "spiffe.malformed", "file.exists" (one of the two is there: it is never overwritten),
// "file.unwritable", "storage.unavailable".
Result<AuthorityFiles> make_authority(const std::filesystem::path& folder,
                                      const std::string& trust_domain, WallTime now,
                                      Entropy& entropy);

// Makes NAME.key (0600) and NAME.crt in the folder, or replaces them, each as a whole. Between the
// two a reader may see the new key with the old certificate, and has to look again. Errors:
// "pki.name" (no DNS label, or ca), "pki.no_authority", "authority.…", "certificate.malformed",
// "file.unwritable".
Result<LeafFiles> issue_leaf(const std::filesystem::path& folder, const LeafOrder& order,
                             WallTime now, Entropy& entropy);

// Whether the command line is to blame, and not the folder.
bool is_usage_error(const Error& error);

// The paths of what was made, a line each; all of it as a JSON object.
std::string to_text(const AuthorityFiles& files);
std::string to_text(const LeafFiles& files);
std::string to_json(const AuthorityFiles& files);
std::string to_json(const LeafFiles& files);

}  // namespace merlon::operations

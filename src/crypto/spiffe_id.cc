// Taking a SPIFFE ID apart, in the order of the specification's section 2.
#include "crypto/spiffe_id.h"

#include <algorithm>

#include "base/text.h"

namespace merlon::crypto {
namespace {

constexpr std::string_view scheme = "spiffe://";

std::unexpected<Error> malformed(std::string_view why) {
    return fail(Kind::Invalid, "spiffe.malformed", std::string(why));
}

// Section 2.1. A port, a user and a percent sign fail here, because their letters are none of
// these.
bool is_domain_letter(char c) {
    return (c >= 'a' && c <= 'z') || text::is_digit(c) || c == '.' || c == '-' || c == '_';
}

// Section 2.2.
bool is_path_letter(char c) {
    return text::is_alpha(c) || text::is_digit(c) || c == '.' || c == '-' || c == '_';
}

bool is_segment(std::string_view segment) {
    return !segment.empty() && segment != "." && segment != ".." &&
           std::ranges::all_of(segment, is_path_letter);
}

}  // namespace

Result<SpiffeId> SpiffeId::parse(std::string_view text) {
    if (text.size() > spiffe_id_bytes_max) return malformed("longer than 2048 bytes");
    if (!text.starts_with(scheme)) return malformed("does not begin with spiffe://");
    const std::size_t domain_end = std::min(text.find('/', scheme.size()), text.size());
    const std::string_view domain = text.substr(scheme.size(), domain_end - scheme.size());
    if (domain.empty() || domain.size() > trust_domain_bytes_max) {
        return malformed("a trust domain has 1 to 255 bytes");
    }
    if (!std::ranges::all_of(domain, is_domain_letter)) {
        return malformed("a trust domain has a-z, 0-9, dot, hyphen and underscore only");
    }
    for (std::size_t begin = domain_end; begin < text.size();) {
        const std::size_t end = std::min(text.find('/', begin + 1), text.size());
        if (!is_segment(text.substr(begin + 1, end - begin - 1))) {
            return malformed(
                "a segment of the path has letters, digits, dot, hyphen and underscore, and is "
                "neither empty nor . nor ..");
        }
        begin = end;
    }
    return SpiffeId(std::string(text), domain_end);
}

Result<SpiffeId> SpiffeId::of_domain(std::string_view trust_domain) {
    SpiffeId id = MERLON_TRY(parse(std::string(scheme).append(trust_domain)));
    if (!id.path().empty()) return malformed("a trust domain has no path");
    return id;
}

Result<SpiffeId> SpiffeId::of_account(std::string_view trust_domain, ServiceAccount account) {
    const SpiffeId domain = MERLON_TRY(of_domain(trust_domain));
    // Before they are joined: a slash in a name would make another name.
    if (!is_segment(account.name_space) || !is_segment(account.name)) {
        return malformed("namespace and name are one segment each");
    }
    return parse(std::string(domain.text())
                     .append("/ns/")
                     .append(account.name_space)
                     .append("/sa/")
                     .append(account.name));
}

std::string_view SpiffeId::trust_domain() const {
    return std::string_view(text_).substr(scheme.size(), domain_end_ - scheme.size());
}

std::string_view SpiffeId::path() const { return std::string_view(text_).substr(domain_end_); }

std::optional<ServiceAccount> SpiffeId::account() const {
    constexpr std::string_view before_namespace = "/ns/";
    constexpr std::string_view before_name = "/sa/";
    const std::string_view whole = path();
    if (!whole.starts_with(before_namespace)) return std::nullopt;
    const std::string_view rest = whole.substr(before_namespace.size());
    const std::string_view name_space = rest.substr(0, rest.find('/'));
    const std::string_view behind = rest.substr(name_space.size());
    if (!behind.starts_with(before_name)) return std::nullopt;
    const std::string_view name = behind.substr(before_name.size());
    if (name.find('/') != std::string_view::npos) return std::nullopt;
    return ServiceAccount{name_space, name};
}

}  // namespace merlon::crypto

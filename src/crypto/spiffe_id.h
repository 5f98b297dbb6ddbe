// The name of a workload, as its certificate has it: spiffe://cluster.local/ns/shop/sa/orders
// (SPIFFE-ID, github.com/spiffe/spiffe, standards/SPIFFE-ID.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace merlon::crypto {

// Section 2.3 and 2.1: whoever accepts more cannot rely on others doing so.
inline constexpr std::size_t spiffe_id_bytes_max = 2'048;
inline constexpr std::size_t trust_domain_bytes_max = 255;

// The Kubernetes form of a path, /ns/NAMESPACE/sa/NAME, which Istio and Linkerd use too. Borrows.
struct ServiceAccount {
    std::string_view name_space;
    std::string_view name;

    bool operator==(const ServiceAccount&) const = default;
};

// Value. There is one spelling of an identifier, so two are the same exactly when they are equal as
// text: nothing is decoded, folded or left out on the way in.
class SpiffeId {
public:
    // Fails with "spiffe.malformed": other schemes and letter cases of ours, user, port, query,
    // fragment, percent signs, empty and dot segments, a slash at the end, too long.
    static Result<SpiffeId> parse(std::string_view text);
    // spiffe://DOMAIN, which names all of a trust domain and no workload in it.
    static Result<SpiffeId> of_domain(std::string_view trust_domain);
    // spiffe://DOMAIN/ns/NAMESPACE/sa/NAME.
    static Result<SpiffeId> of_account(std::string_view trust_domain, ServiceAccount account);

    const std::string& text() const { return text_; }
    std::string_view trust_domain() const;
    // With its first slash; empty for a trust domain.
    std::string_view path() const;
    // Nothing when the path has another form.
    std::optional<ServiceAccount> account() const;

    bool operator==(const SpiffeId&) const = default;

private:
    SpiffeId(std::string text, std::size_t domain_end)
        : text_(std::move(text)), domain_end_(domain_end) {}

    std::string text_;
    std::size_t domain_end_;
};

}  // namespace merlon::crypto

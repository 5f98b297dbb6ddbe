// HMAC-SHA256 (RFC 2104) with its key set up once, and comparison of secrets in constant time.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

struct evp_mac_ctx_st;

namespace merlon::crypto {

using Digest = std::array<std::byte, 32>;

// Value semantics are not offered: the key lives in OpenSSL's memory. Safe from every thread:
// each computation works on a copy of the prepared context.
class HmacSha256 final {
public:
    explicit HmacSha256(const Secret& key);

    Digest compute(std::string_view message) const;
    // Whether `code` is the message's, told in a time that depends on nothing but its length.
    bool verify(std::string_view message, std::string_view code) const;

private:
    struct Free {
        void operator()(evp_mac_ctx_st* context) const;
    };
    std::unique_ptr<evp_mac_ctx_st, Free> prepared_;
};

// Takes the same time wherever the texts differ.
bool equal(std::string_view a, std::string_view b);

// SHA-256 of `text`.
Digest sha256(std::string_view text);

inline std::string_view as_text(const Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace merlon::crypto

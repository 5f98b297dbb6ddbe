// Splits a compact token into its parts, and decodes them.
#include "wire/compact_jose.h"

#include <algorithm>
#include <boost/json/object.hpp>

#include "base/text.h"
#include "wire/json.h"

namespace merlon::wire {
namespace {

constexpr std::size_t key_id_bytes_max = 128;

// Members that ask us to read the token differently, or to fetch or trust a key that they bring:
// refused whole, not skipped (PyJWT CVE-2026-32597). "crit" says that others do (RFC 7515 section
// 4.1.11); we implement none of those.
constexpr std::string_view refused_members[] = {"crit", "jku", "jwk", "x5u", "x5c", "zip", "b64"};

Result<> read_header(std::string_view json_text, CompactJws& jws) {
    const auto header = parse_json(json_text, {.bytes = compact_jws_bytes_max, .depth = 8});
    if (!header || !header->is_object()) return fail(Kind::Invalid, "jose.header");
    for (const auto& [name, value] : header->get_object()) {
        if (std::ranges::find(refused_members, std::string_view(name)) !=
            std::end(refused_members)) {
            return fail(Kind::Invalid, "jose.header", "member " + std::string(name));
        }
        if (name != "alg" && name != "typ" && name != "kid") continue;
        if (!value.is_string()) return fail(Kind::Invalid, "jose.header");
        const std::string_view text = value.get_string();
        if (name == "alg") jws.algorithm = text;
        if (name == "typ") jws.type = text;
        if (name == "kid") jws.key_id = text;
    }
    if (jws.algorithm.empty()) return fail(Kind::Invalid, "jose.header", "no alg");
    if (jws.key_id) {
        const bool is_plain = std::ranges::all_of(
            *jws.key_id, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
        if (jws.key_id->empty() || jws.key_id->size() > key_id_bytes_max || !is_plain) {
            return fail(Kind::Invalid, "jose.kid");
        }
    }
    return {};
}

}  // namespace

Result<CompactJws> CompactJws::parse(std::string_view token, std::size_t bytes_max) {
    if (token.size() > bytes_max) return fail(Kind::Invalid, "jose.too_long");
    const std::size_t first = token.find('.');
    const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
        return fail(Kind::Invalid, "jose.parts");
    }
    CompactJws jws;
    jws.signed_text = token.substr(0, second);
    auto header = text::from_base64url(token.substr(0, first));
    auto payload = text::from_base64url(token.substr(first + 1, second - first - 1));
    auto signature = text::from_base64url(token.substr(second + 1));
    if (!header || !payload || !signature) return fail(Kind::Invalid, "jose.encoding");
    if (header->empty() || signature->empty()) return fail(Kind::Invalid, "jose.parts");
    MERLON_TRY(read_header(*header, jws));
    jws.payload = *std::move(payload);
    jws.signature = *std::move(signature);
    return jws;
}

}  // namespace merlon::wire

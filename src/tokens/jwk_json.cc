// JWK members to and from JSON.
#include "tokens/jwk_json.h"

#include <boost/json.hpp>

#include "wire/json.h"
#include "wire/json_text.h"

namespace merlon::tokens {
namespace {

namespace json = boost::json;

constexpr std::pair<std::string_view, std::string crypto::Jwk::*> members[] = {
    {"kty", &crypto::Jwk::kty}, {"crv", &crypto::Jwk::crv}, {"n", &crypto::Jwk::n},
    {"e", &crypto::Jwk::e},     {"x", &crypto::Jwk::x},     {"y", &crypto::Jwk::y},
    {"k", &crypto::Jwk::k},     {"kid", &crypto::Jwk::kid}, {"alg", &crypto::Jwk::alg},
    {"use", &crypto::Jwk::use}};

Result<crypto::Jwk> to_jwk(const json::value& value) {
    if (!value.is_object()) return fail(Kind::Invalid, "jwk.malformed", "no object");
    crypto::Jwk jwk;
    for (const auto& [name, member] : members) {
        const json::value* found = value.get_object().if_contains(name);
        if (found == nullptr) continue;
        if (!found->is_string()) return fail(Kind::Invalid, "jwk.malformed", std::string(name));
        jwk.*member = found->get_string();
    }
    if (const json::value* uses = value.get_object().if_contains("key_ops")) {
        if (!uses->is_array()) return fail(Kind::Invalid, "jwk.malformed", "key_ops");
        jwk.key_ops.emplace();
        for (const json::value& use : uses->get_array()) {
            if (!use.is_string()) return fail(Kind::Invalid, "jwk.malformed", "key_ops");
            jwk.key_ops->emplace_back(use.get_string());
        }
    }
    return jwk;
}

}  // namespace

Result<crypto::Jwk> parse_jwk(std::string_view text) {
    const auto parsed = wire::parse_json(text, {.bytes = jwks_bytes_max, .depth = 8});
    if (!parsed) return fail(Kind::Invalid, "jwk.malformed", std::string(parsed.error().rule));
    return to_jwk(*parsed);
}

std::string to_json(const std::vector<crypto::Jwk>& keys) {
    std::string out = R"({"keys":[)";
    for (const crypto::Jwk& key : keys) {
        out += out.back() == '[' ? "{" : ",{";
        for (const auto& [name, member] : members) {
            if ((key.*member).empty()) continue;
            if (out.back() != '{') out += ',';
            wire::append_json_string(out, name);
            out += ':';
            wire::append_json_string(out, key.*member);
        }
        out += '}';
    }
    return out + "]}";
}

Result<std::vector<NamedKey>> parse_jwks(std::string_view text) {
    const auto parsed = wire::parse_json(text, {.bytes = jwks_bytes_max, .depth = 8});
    if (!parsed || !parsed->is_object()) return fail(Kind::Invalid, "jwks.malformed");
    const json::value* keys = parsed->get_object().if_contains("keys");
    if (keys == nullptr || !keys->is_array()) return fail(Kind::Invalid, "jwks.malformed");
    std::vector<NamedKey> usable;
    for (const json::value& one : keys->get_array()) {
        if (usable.size() == jwks_keys_max) break;
        auto jwk = to_jwk(one);
        if (!jwk || jwk->kty == "oct") continue;
        auto key = crypto::VerifyKey::from_jwk(*jwk);
        if (key) usable.push_back({jwk->kid, *std::move(key)});
    }
    if (usable.empty()) return fail(Kind::Invalid, "jwks.empty", "no key in it that we can use");
    return usable;
}

}  // namespace merlon::tokens

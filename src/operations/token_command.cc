// merlon token: what verify and inspect do.
#include "operations/token_command.h"

#include <unistd.h>

#include <fstream>
#include <iterator>

#include "base/text.h"
#include "crypto/signature.h"
#include "tokens/jwk_json.h"
#include "tokens/verifier.h"
#include "wire/compact_jose.h"
#include "wire/json.h"

namespace merlon::operations {

Result<std::string> inspect_token(std::string_view token) {
    const std::size_t first = token.find('.');
    const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos) {
        return fail(Kind::Invalid, "jose.parts", "a token has three parts with dots between");
    }
    std::string out = "{";
    for (const auto& [name, part] :
         {std::pair("\"header\":", token.substr(0, first)),
          std::pair(",\"payload\":", token.substr(first + 1, second - first - 1))}) {
        const auto text = text::from_base64url(part);
        if (!text) return fail(Kind::Invalid, "jose.encoding", "a part is no base64url");
        if (const auto json = wire::parse_json(*text); !json) {
            return fail(Kind::Invalid, json.error().rule, "a part is no sound JSON");
        }
        out.append(name).append(*text);
    }
    return out + "}";
}

Result<crypto::VerifyKey> read_verify_key(const std::string& jwk_path) {
    std::ifstream file(jwk_path, std::ios::binary);
    if (!file) return fail(Kind::Unavailable, "jwk.unreadable", "cannot read " + jwk_path);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return crypto::VerifyKey::from_jwk(MERLON_TRY(tokens::parse_jwk(text)));
}

Result<> verify_signature(std::string_view token, const crypto::VerifyKey& key) {
    const auto jws = MERLON_TRY(wire::CompactJws::parse(token));
    return tokens::check_signature(jws, key);
}

Result<std::string> read_token_from_stdin() {
    std::string text;
    char buffer[4'096];
    for (ssize_t bytes; (bytes = ::read(STDIN_FILENO, buffer, sizeof buffer)) > 0;) {
        text.append(buffer, static_cast<std::size_t>(bytes));
        if (text.size() > wire::compact_jws_bytes_max + 2) {
            return fail(Kind::Invalid, "jose.too_long", "a token has at most 1 MiB");
        }
    }
    return std::string(text::trim(text.substr(0, text.find_last_not_of("\r\n") + 1)));
}

}  // namespace merlon::operations

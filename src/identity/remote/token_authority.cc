// The method by which auth verifies a token: its client and its server.
#include "identity/remote/token_authority.h"

namespace merlon::identity {
namespace {

constexpr std::string_view callers[] = {rpc::any_role};
constexpr std::string_view rules[] = {
    "jose.encoding",   "jose.header",    "jose.kid",      "jose.parts",      "jose.too_long",
    "token.algorithm", "token.audience", "token.claims",  "token.expired",   "token.issuer",
    "token.key",       "token.not_yet",  "token.revoked", "token.signature", "token.type",
};
constexpr rpc::Method verify_method{"tokens.verify", callers, rpc::Retry::Harmless, rules};

Task<rpc::Message> serve_verify(std::function<Result<>(std::string_view)> verify,
                                rpc::Message call) {
    MERLON_CO_TRY(verify(MERLON_CO_TRY(call.text("token"))));
    co_return rpc::Message();
}

}  // namespace

Task<> RemoteTokenAuthority::verify(std::string token) {
    MERLON_CO_TRY(co_await auth_.call(verify_method, rpc::Message().set("token", token)));
    co_return Result<>{};
}

rpc::OfferedMethod verify_method_of(std::function<Result<>(std::string_view token)> verify) {
    return {&verify_method, [verify = std::move(verify)](rpc::Message call) {
                return serve_verify(verify, std::move(call));
            }};
}

}  // namespace merlon::identity

// One attempt, counted at both limits or at neither.
#include "identity/passwords/login_protection.h"

namespace merlon::identity {

Result<> LoginProtection::check(const LoginOrigin& origin) const {
    MERLON_TRY(of_clients_.check(client_key(origin)));
    return origin.is_known() ? Result<>{} : of_accounts_.check(origin.account);
}

Result<> LoginProtection::begin(const LoginOrigin& origin) {
    const std::string client = client_key(origin);
    MERLON_TRY(of_clients_.begin(client));
    if (origin.is_known()) return {};
    Result<> begun = of_accounts_.begin(origin.account);
    if (!begun) of_clients_.end(client, Verdict::Unknown);
    return begun;
}

bool LoginProtection::end(const LoginOrigin& origin, Verdict verdict) {
    const bool locks_client = of_clients_.end(client_key(origin), verdict);
    const bool locks_account =
        !origin.is_known() && of_accounts_.end(origin.account, for_account(verdict));
    return locks_client || locks_account;
}

}  // namespace merlon::identity

// What the tests of keys share: rings, tokens they sign, and a provider played by hand.
#pragma once

#include "base/text.h"
#include "fetch/fetcher.h"
#include "tokens/verifier.h"

namespace merlon::tokens::testing {

using crypto::Algorithm;
using crypto::SigningKey;
using std::chrono::seconds;

inline const WallTime now{std::chrono::milliseconds{1'767'225'600'000}};

inline Keyring ring_of(Algorithm algorithm) {
    return Keyring::make({RingKey::make(SigningKey::generate(algorithm).value(), now, now)})
        .value();
}

inline std::string sign(const RingKey& key, std::string_view issuer,
                        std::string_view algorithm = {}) {
    const std::string_view name =
        algorithm.empty() ? crypto::name(key.key->algorithm()) : algorithm;
    const std::string header =
        R"({"alg":")" + std::string(name) + R"(","typ":"JWT","kid":")" + key.kid + R"("})";
    const std::string payload = R"({"sub":"u1","iat":1767225000,"exp":1767226000,"iss":")" +
                                std::string(issuer) +
                                R"(","aud":"microservices-api","scope":"read:products x,y"})";
    const std::string text = text::to_base64url(header) + "." + text::to_base64url(payload);
    return text + "." + text::to_base64url(key.key->sign(text));
}

// Answers with `document`, or with `error` when there is one.
class FakeFetcher final : public fetch::Fetcher {
public:
    Result<std::string> get(const fetch::Request& request, std::stop_token) override {
        asked.push_back(request);
        if (!error.empty()) return fail(Kind::Unavailable, error);
        return document;
    }
    std::string document;
    std::string_view error;
    std::vector<fetch::Request> asked;
};

// Key sets of that provider, worked by hand.
struct Sets {
    FakeClock clock;
    FakeFetcher provider;
    std::vector<std::string> lines;
    RemoteKeySets sets{provider, clock, [this](const std::string& line) { lines.push_back(line); }};

    std::shared_ptr<RemoteKeySet> obtain() { return sets.obtain({"https://idp.example/keys"}); }
    // How often the provider is asked after `wait`.
    std::size_t fetches_after(std::chrono::milliseconds wait) {
        clock.advance(wait);
        const std::size_t before = provider.asked.size();
        sets.work({});
        return provider.asked.size() - before;
    }
};

}  // namespace merlon::tokens::testing

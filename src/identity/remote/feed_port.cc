// The feed of revocations and keys over the network: all of it, page by page, or what is new since
// a horizon.
#include "identity/remote/feed_port.h"

#include "tokens/jwk_json.h"

namespace merlon::identity {
namespace {

namespace json = boost::json;

// Another host's clock may be behind auth's by so much.
constexpr std::chrono::minutes clocks_apart_max{1};
// A feed without news responds every second. One that is silent for longer is down, and another
// process of auth may not be.
constexpr std::chrono::seconds patience{3};

// Every role verifies the tokens it is sent.
constexpr std::string_view callers[] = {rpc::any_role};
constexpr rpc::Method feed_method{"feed", callers, rpc::Retry::Harmless, {}, patience};

Task<rpc::Message> serve_feed(RevocationFeed* feed, rpc::Message call) {
    const auto after = MERLON_CO_TRY(call.optional_text("after"));
    const RevocationFeedPage page =
        after ? MERLON_CO_TRY(co_await feed->read_all(*after))
              : MERLON_CO_TRY(co_await feed->wait_for_changes(
                    MERLON_CO_TRY(call.integer("horizon")), MERLON_CO_TRY(call.text("mark"))));
    json::array revocations;
    revocations.reserve(page.revocations.size());
    for (const RevocationRow& one : page.revocations) {
        revocations.push_back(json::array{one.subject, one.least_version, one.until_ms});
    }
    rpc::Message response;
    response.set("revocations", revocations).set("horizon", page.horizon).set("mark", page.mark);
    response.set("last", page.last).set("keys", page.jwks).set("waited", page.as_of.count());
    co_return response;
}

Result<> take_over_one(tokens::Revocations& revocations, const json::value& one) {
    const json::array* row = one.if_array();
    const bool is_sound = row != nullptr && row->size() == 3 && row->at(0).is_string() &&
                          row->at(1).is_int64() && row->at(2).is_int64();
    if (!is_sound) return fail(Kind::Invalid, "port.malformed", "revocation");
    revocations.learn(
        std::string_view(row->at(0).get_string()), row->at(1).get_int64(),
        WallTime{std::chrono::milliseconds{row->at(2).get_int64()}} + clocks_apart_max);
    return {};
}

}  // namespace

Task<rpc::Message> AuthFeed::request(const rpc::Message& call) {
    return auth_.call(feed_method, call);
}

AuthFeed::AuthFeed(rpc::Client& auth, tokens::Revocations& revocations, const Clock& clock,
                   std::shared_ptr<const tokens::Keyring> fixed_keys)
    : auth_(auth),
      revocations_(revocations),
      clock_(clock),
      keys_(fixed_keys ? fixed_keys
                       : std::make_shared<const tokens::Keyring>(tokens::Keyring::none())),
      has_fixed_keys_(fixed_keys != nullptr) {
    revocations.note_whole_at(SteadyTime::min());
}

Task<> AuthFeed::load() {
    const SteadyTime begun = clock_.steady();
    std::optional<std::int64_t> horizon;  // of the first page: the others are as of later
    std::string after;
    do {
        rpc::Message call;
        call.set("after", after);
        const rpc::Message page = MERLON_CO_TRY(co_await request(call));
        if (!horizon) horizon = MERLON_CO_TRY(page.integer("horizon"));
        MERLON_CO_TRY(take_over(page, begun));
        after = MERLON_CO_TRY(page.text("last"));
    } while (!after.empty());
    horizon_ = *horizon;
    is_loaded_ = true;
    co_return Result<>{};
}

Task<> AuthFeed::follow() {
    if (!is_loaded_) co_return co_await load();
    const SteadyTime begun = clock_.steady();
    rpc::Message call;
    call.set("horizon", horizon_).set("mark", mark_);
    const rpc::Message page = MERLON_CO_TRY(co_await request(call));
    // Never longer than the request took, whatever the response says; negative is before it.
    const std::chrono::milliseconds waited{MERLON_CO_TRY(page.integer("waited"))};
    if (waited < -patience || waited > patience) {
        co_return fail(Kind::Invalid, "port.malformed", "waited");
    }
    MERLON_CO_TRY(take_over(page, std::min<SteadyTime>(begun + waited, clock_.steady())));
    horizon_ = MERLON_CO_TRY(page.integer("horizon"));
    mark_ = MERLON_CO_TRY(page.text("mark"));
    co_return Result<>{};
}

Result<> AuthFeed::take_over(const rpc::Message& page, SteadyTime as_of) {
    for (const json::value& one : MERLON_TRY(page.list("revocations"))) {
        MERLON_TRY(take_over_one(revocations_, one));
    }
    MERLON_TRY(take_over_keys(MERLON_TRY(page.text("keys"))));
    revocations_.note_whole_at(as_of);
    return {};
}

Result<> AuthFeed::take_over_keys(const std::string& jwks) {
    if (has_fixed_keys_ || jwks == jwks_) return {};
    std::vector<tokens::RingKey> ring;
    for (tokens::NamedKey& key : MERLON_TRY(tokens::parse_jwks(jwks))) {
        ring.push_back(tokens::RingKey::of_public(std::move(key.kid), std::move(key.key)));
    }
    keys_.replace(std::make_shared<const tokens::Keyring>(
        MERLON_TRY(tokens::Keyring::make(std::move(ring)))));
    jwks_ = jwks;
    return {};
}

rpc::OfferedMethod feed_method_of(RevocationFeed& feed) {
    return {&feed_method,
            [feed = &feed](rpc::Message call) { return serve_feed(feed, std::move(call)); }};
}

}  // namespace merlon::identity

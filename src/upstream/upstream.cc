// Choosing targets and keeping connections.
#include "upstream/upstream.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "base/text.h"

namespace merlon::upstream {
namespace {

bool is_https(std::string_view url) { return url.starts_with("https://"); }

}  // namespace

Result<http::UpstreamAddress> parse_upstream_url(const std::string& url) {
    http::UpstreamAddress address;
    std::string_view rest = url;
    if (rest.starts_with("unix:")) {
        address.unix_path = rest.substr(5);
        address.authority = "localhost";
        if (!address.unix_path.starts_with('/')) {
            return fail(Kind::Invalid, "upstream.url", url + ": a Unix socket needs a full path");
        }
        return address;
    }
    const bool is_tls = is_https(url);
    if (!is_tls && !rest.starts_with("http://")) {
        return fail(Kind::Invalid, "upstream.url",
                    url + ": begins with http://, https:// or unix:");
    }
    rest.remove_prefix(is_tls ? 8 : 7);
    if (rest.ends_with('/')) rest.remove_suffix(1);
    address.authority = rest;
    address.port = is_tls ? 443 : 80;
    const std::size_t colon = rest.rfind(':');
    if (colon != std::string_view::npos && rest.find(']', colon) == std::string_view::npos) {
        const auto port = text::parse_number<std::uint16_t>(rest.substr(colon + 1));
        if (!port || *port == 0) return fail(Kind::Invalid, "upstream.url", url + ": no such port");
        address.port = *port;
        rest = rest.substr(0, colon);
    }
    if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
    if (rest.empty() || rest.find_first_of("/?#@ ") != std::string_view::npos) {
        return fail(Kind::Invalid, "upstream.url", url + ": host and port only");
    }
    address.host = rest;
    return address;
}

Result<std::shared_ptr<const http::UpstreamAddress>> parse_upstream(
    const std::string& url, const net::TlsClientSettings& tls) {
    auto address = std::make_shared<http::UpstreamAddress>(MERLON_TRY(parse_upstream_url(url)));
    if (is_https(url)) address->tls = MERLON_TRY(net::TlsClientContext::make(tls));
    return address;
}

Upstream::Upstream(const std::string& service,
                   std::vector<std::shared_ptr<const http::UpstreamAddress>> addresses,
                   const PoolSettings& pool, const UpstreamContext& context)
    : context_(context),
      pool_(pool),
      places_(service, pool, context.entropy, context.metrics),
      durations_(context.metrics.histogram("merlon_upstream_request_duration_seconds",
                                           "from a request's start to the head of its answer",
                                           {{"service", service}})) {
    MERLON_ASSERT(addresses.size() <= targets_max);
    for (auto& address : addresses) {
        const bool is_unix = !address->unix_path.empty();
        const metrics::Labels labels{
            {"service", service},
            {"target", is_unix ? "unix:" + address->unix_path : address->authority}};
        metrics::Gauge& healthy = context.metrics.gauge(
            "merlon_upstream_healthy", "1 in health, as the last worker found it", labels);
        metrics::Gauge& count = context.metrics.gauge("merlon_upstream_addresses",
                                                      "addresses that its name has", labels);
        healthy.set(1);
        auto name = is_unix ? nullptr : context.resolver.follow(address->host);
        origins_.push_back({std::move(address), std::move(name), healthy, count});
        if (is_unix) {
            add_target(origins_.size() - 1,
                       asio::local::stream_protocol::endpoint(origins_.back().address->unix_path));
        }
    }
}

void Upstream::follow_names() {
    for (std::size_t i = 0; i < origins_.size(); ++i) {
        const Origin& origin = origins_[i];
        if (origin.name && origin.name->generation() != origin.generation) replace_targets(i);
    }
}

// Targets that stay keep their connections and their health.
void Upstream::replace_targets(std::size_t index) {
    Origin& origin = origins_[index];
    origin.generation = origin.name->generation();
    std::vector<http::Endpoint> wanted;
    for (const auto& address : *origin.name->addresses()) {
        wanted.emplace_back(asio::ip::tcp::endpoint(address, origin.address->port));
    }
    for (auto& target : targets_) {
        if (target->origin != index) continue;
        if (std::erase(wanted, target->endpoint) > 0) continue;
        target->is_gone = true;
        target->kept.clear();
        if (target->open > 0) leaving_.push_back(std::move(target));
        target.reset();
    }
    std::erase_if(targets_, [](const auto& target) { return !target || target->is_gone; });
    for (http::Endpoint& endpoint : wanted) {
        if (targets_.size() < targets_max) add_target(index, std::move(endpoint));
    }
    tell_health(index);
}

void Upstream::add_target(std::size_t origin, http::Endpoint endpoint) {
    targets_.push_back(std::make_unique<Target>(
        Target{origin, origins_[origin].address, std::move(endpoint), targets_made_++}));
    tell_health(origin);
}

void Upstream::tell_health(std::size_t origin) {
    std::int64_t all = 0;
    bool any_is_healthy = false;
    for (const auto& target : targets_) {
        if (target->origin != origin) continue;
        ++all;
        any_is_healthy = any_is_healthy || is_healthy(*target);
    }
    origins_[origin].healthy.set(any_is_healthy ? 1 : 0);
    origins_[origin].address_count.set(all);
}

const std::vector<std::unique_ptr<Target>>& Upstream::targets() {
    follow_names();
    return targets_;
}

template <class May>
Target* Upstream::choose(May may) {
    Target* best = nullptr;
    bool best_is_healthy = false;
    // In the order of their numbers, from the one whose turn it is.
    std::size_t first = 0;
    while (first < targets_.size() && targets_[first]->number < turn_) ++first;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
        Target& target = *targets_[(first + i) % targets_.size()];
        if (!may(target)) continue;
        const bool healthy = is_healthy(target);
        const bool is_better =
            best == nullptr || (healthy != best_is_healthy ? healthy : target.open < best->open);
        if (!is_better) continue;
        best = &target;
        best_is_healthy = healthy;
    }
    return best;
}

std::optional<Upstream::Lease> Upstream::reuse() {
    follow_names();
    Target* target = choose([](const Target&) { return true; });
    if (target == nullptr) return std::nullopt;
    const std::uint64_t now = context_.deadlines.now_tick();
    const std::uint64_t age_ticks =
        static_cast<std::uint64_t>(pool_.age / net::Deadlines::tick_length);
    while (!target->kept.empty()) {
        Target::Kept kept = std::move(target->kept.back());
        target->kept.pop_back();
        // Closed meanwhile, or saying what nobody asked: not to be trusted with a request.
        if (kept.until_tick <= now || now - kept.made_at_tick >= age_ticks ||
            kept.connection->stream().has_unexpected_input()) {
            continue;
        }
        return lease(*target, std::move(kept.connection), kept.made_at_tick, true);
    }
    return std::nullopt;
}

Upstream::Lease Upstream::lease(Target& target, std::unique_ptr<http::ClientConnection> connection,
                                std::uint64_t made_at_tick, bool is_reused) {
    Lease made(*this, target);
    made.connection_ = std::move(connection);
    made.made_at_tick_ = made_at_tick;
    made.is_reused_ = is_reused;
    return made;
}

// At a start a name may have no answer yet.
Task<> Upstream::await_names(SteadyTime deadline) {
    for (const Origin& origin : origins_) {
        if (!targets_.empty()) break;
        if (!origin.name) continue;
        co_await origin.name->wait_for_lookup(0, deadline);
        follow_names();
    }
    co_return Result<>{};
}

// A service that has just moved: its old addresses are dead, and the TTL of its name is not over.
Task<bool> Upstream::find_others(SteadyTime deadline) {
    const std::uint64_t made_before = targets_made_;
    for (const Origin& origin : origins_) {
        if (!origin.name) continue;
        if (const auto seen = origin.name->ask_again(context_.clock.steady())) {
            co_await origin.name->wait_for_lookup(*seen, deadline);
        }
    }
    follow_names();
    co_return targets_made_ > made_before;
}

Error Upstream::no_address() const {
    Error why{Kind::Unavailable, "upstream.unavailable", "no address", {}};
    for (const Origin& origin : origins_) {
        if (!origin.name) continue;
        if (origin.name->lookups() == 0) why.rule = http::upstream_timeout_rule;
        if (!origin.name->problem().empty()) why.detail = origin.name->problem();
    }
    return why;
}

Task<Upstream::Lease> Upstream::connect(Abandonment* abandonment,
                                        std::optional<std::uint64_t> but) {
    follow_names();
    const SteadyTime deadline = context_.clock.steady() + connect_timeout;
    if (targets_.empty()) co_await await_names(deadline);
    Error why = no_address();
    Race race(context_.executor, context_.deadlines, abandonment);
    bool has_looked_again = false;
    while (true) {
        const auto left = deadline - context_.clock.steady();
        Target* target = choose([&](const Target& one) {
            return !race.has_tried(one) && (one.number != but || targets_.size() == 1);
        });
        if (target != nullptr && left > std::chrono::milliseconds{0}) {
            race.start(*target, std::chrono::ceil<std::chrono::milliseconds>(left));
        } else if (!race.is_running()) {
            if (std::exchange(has_looked_again, true) || !co_await find_others(deadline)) break;
            continue;
        }
        const Race::News news = *co_await race.next();
        if (news == Race::News::Abandoned) {
            co_return fail(Kind::Unavailable, http::client_left_rule);
        }
        if (news == Race::News::Failed) {
            why = race.failure();
            note_unreachable(race.decided());
        }
        if (news == Race::News::Connected) {
            for (Target* slow : race.overtaken()) note_unreachable(*slow);
            co_return lease(race.decided(), race.take_connection(), context_.deadlines.now_tick(),
                            false);
        }
    }
    co_return std::unexpected(std::move(why));
}

void Upstream::note_failure(Target& target) {
    if (++target.failures >= failures_max) let_rest(target);
}

// It costs a request time whenever it is tried, so once is enough, where there is another.
void Upstream::note_unreachable(Target& target) {
    const bool is_alone = targets_.size() == 1;
    if (is_alone) return note_failure(target);
    let_rest(target);
}

void Upstream::let_rest(Target& target) {
    const auto rest = std::min(rest_first * (1 << std::min(target.rests, 5)), rest_max);
    target.rest_until = context_.deadlines.now_tick() + rest / net::Deadlines::tick_length;
    target.failures = failures_max - 1;  // one chance after the rest
    target.server_errors = server_errors_max - 1;
    ++target.rests;
    target.kept.clear();
    tell_health(target.origin);
}

void Upstream::note_check(std::uint64_t number, bool is_well, int checks_max) {
    for (const auto& target : targets_) {
        if (target->number != number) continue;
        target->failed_checks = is_well ? 0 : target->failed_checks + 1;
        if (!is_well && target->failed_checks < checks_max) return;
        target->is_alive = is_well;
        if (!is_well) target->kept.clear();
        return tell_health(target->origin);
    }
}

void Upstream::prune() {
    follow_names();
    const std::uint64_t now = context_.deadlines.now_tick();
    for (const auto& target : targets_) {
        std::erase_if(target->kept,
                      [&](const Target::Kept& kept) { return kept.until_tick <= now; });
    }
    std::erase_if(leaving_, [](const auto& target) { return target->open == 0; });
    places_.publish();
}

// As the response to one request among good ones may be the request's fault, only several in a row
// count; and only while most targets are well: then it is not the service as a whole.
void Upstream::Lease::note_status(int status) {
    Target& target = use_.target();
    target.server_errors = status >= 500 ? target.server_errors + 1 : 0;
    if (target.server_errors < server_errors_max) return;
    const auto& targets = upstream_->targets_;
    const auto healthy = std::ranges::count_if(
        targets, [&](const auto& one) { return upstream_->is_healthy(*one); });
    if (static_cast<std::size_t>(healthy) * 2 > targets.size()) upstream_->let_rest(target);
}

void Upstream::Lease::give_back() {
    Target& target = use_.target();
    target.failures = 0;
    if (target.rests > 0 && target.server_errors == 0) {
        target.rests = 0;
        target.rest_until = 0;
        upstream_->tell_health(target.origin);
    }
    const bool is_wanted = !target.is_gone && target.kept.size() < upstream_->pool_.kept;
    if (!connection_->is_reusable() || !is_wanted) return;
    connection_->stream().clear_deadline();
    constexpr std::uint64_t ticks = idle_time / net::Deadlines::tick_length;
    target.kept.push_back(
        {std::move(connection_), upstream_->context_.deadlines.now_tick() + ticks, made_at_tick_});
}

void Upstream::Lease::blame() { upstream_->note_failure(use_.target()); }

}  // namespace merlon::upstream

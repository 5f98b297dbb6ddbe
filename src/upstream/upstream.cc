// Choosing targets and keeping connections.
#include "upstream/upstream.h"

#include <algorithm>

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
                   net::Deadlines& deadlines, metrics::Registry& metrics)
    : deadlines_(deadlines),
      durations_(metrics.histogram("merlon_upstream_request_duration_seconds",
                                   "from a request's start to the head of its answer",
                                   {{"service", service}})) {
    MERLON_ASSERT(addresses.size() <= targets_max);
    for (auto& address : addresses) {
        const std::string name =
            address->unix_path.empty() ? address->authority : "unix:" + address->unix_path;
        metrics::Gauge& healthy =
            metrics.gauge("merlon_upstream_healthy", "1 in health, as the last worker found it",
                          {{"service", service}, {"target", name}});
        healthy.set(1);
        targets_.push_back({std::move(address), healthy});
    }
}

std::optional<std::size_t> Upstream::choose(std::uint64_t tried) const {
    std::optional<std::size_t> best;
    bool best_is_healthy = false;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
        const std::size_t index = (turn_ + i) % targets_.size();
        if ((tried >> index & 1U) != 0) continue;
        const bool healthy = is_healthy(targets_[index]);
        const bool is_better =
            !best ||
            (healthy != best_is_healthy ? healthy : targets_[index].open < targets_[*best].open);
        if (!is_better) continue;
        best = index;
        best_is_healthy = healthy;
    }
    return best;
}

std::optional<Upstream::Lease> Upstream::reuse() {
    const auto index = choose(0);
    if (!index || open_ >= open_max) return std::nullopt;
    std::vector<Idle>& kept = targets_[*index].idle;
    while (!kept.empty()) {
        Idle idle = std::move(kept.back());
        kept.pop_back();
        // Closed meanwhile, or saying what nobody asked: not to be trusted with a request.
        if (idle.until_tick <= deadlines_.now_tick() ||
            idle.connection->stream().has_unexpected_input()) {
            continue;
        }
        Lease lease(*this, *index);
        lease.connection_ = std::move(idle.connection);
        lease.is_reused_ = true;
        return lease;
    }
    return std::nullopt;
}

Task<Upstream::Lease> Upstream::connect() {
    if (open_ >= open_max) {
        co_return fail(Kind::Exhausted, "upstream.unavailable", "too many open requests");
    }
    std::uint64_t tried = 0;
    Error why{Kind::Unavailable, "upstream.unavailable", "no target", {}};
    while (const auto index = choose(tried)) {
        Lease lease(*this, *index);
        auto made = co_await http::ClientConnection::connect(targets_[*index].address, deadlines_,
                                                             connect_timeout);
        if (made) {
            lease.connection_ = *std::move(made);
            co_return lease;
        }
        lease.blame();
        why = std::move(made).error();
        tried |= std::uint64_t{1} << *index;
    }
    co_return std::unexpected(std::move(why));
}

void Upstream::note_failure(Target& target) {
    if (++target.failures < failures_max) return;
    const auto rest = std::min(rest_first * (1 << std::min(target.rests, 5)), rest_max);
    target.rest_until = deadlines_.now_tick() + rest / net::Deadlines::tick_length;
    target.failures = failures_max - 1;  // one chance after the rest
    ++target.rests;
    target.idle.clear();
    target.healthy.set(0);
}

void Upstream::note_check(std::size_t target, bool is_alive) {
    Target& checked = targets_[target];
    checked.is_alive = is_alive;
    if (!is_alive) checked.idle.clear();
    checked.healthy.set(is_healthy(checked) ? 1 : 0);
}

void Upstream::prune() {
    for (Target& target : targets_) {
        std::erase_if(target.idle, [this](const Idle& idle) {
            return idle.until_tick <= deadlines_.now_tick();
        });
    }
}

Upstream::Lease::Lease(Upstream& upstream, std::size_t target)
    : upstream_(&upstream), target_(target) {
    ++upstream.open_;
    ++upstream.targets_[target].open;
    upstream.turn_ = target + 1;
}

Upstream::Lease::Lease(Lease&& other) noexcept
    : upstream_(std::exchange(other.upstream_, nullptr)),
      target_(other.target_),
      is_reused_(other.is_reused_),
      connection_(std::move(other.connection_)) {}

Upstream::Lease::~Lease() {
    if (upstream_ == nullptr) return;
    --upstream_->open_;
    --upstream_->targets_[target_].open;
}

void Upstream::Lease::give_back() {
    Target& target = upstream_->targets_[target_];
    target.failures = 0;
    if (target.rests > 0) {
        target.rests = 0;
        target.rest_until = 0;
        if (target.is_alive) target.healthy.set(1);
    }
    if (!connection_->is_reusable() || target.idle.size() >= idle_max) return;
    connection_->stream().clear_deadline();
    constexpr std::uint64_t ticks = idle_time / net::Deadlines::tick_length;
    target.idle.push_back({std::move(connection_), upstream_->deadlines_.now_tick() + ticks});
}

void Upstream::Lease::blame() { upstream_->note_failure(upstream_->targets_[target_]); }

}  // namespace merlon::upstream

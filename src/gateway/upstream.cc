// Choosing targets and keeping connections.
#include "gateway/upstream.h"

#include "base/text.h"

namespace merlon::gateway {
namespace {

// Passive health: a target that fails so often in a row rests, unless all do.
constexpr int failures_max = 3;
constexpr std::uint64_t ejection_ticks = std::chrono::seconds{10} / http::Deadlines::tick_length;

}  // namespace

Result<std::shared_ptr<const http::UpstreamAddress>> parse_upstream(
    const std::string& url, const ServiceSettings& service) {
    auto address = std::make_shared<http::UpstreamAddress>();
    std::string_view rest = url;
    if (rest.starts_with("unix:")) {
        address->unix_path = rest.substr(5);
        address->authority = "localhost";
        if (!address->unix_path.starts_with('/')) {
            return fail(Kind::Invalid, "upstream.url", url + ": a Unix socket needs a full path");
        }
        return address;
    }
    const bool is_tls = rest.starts_with("https://");
    if (!is_tls && !rest.starts_with("http://")) {
        return fail(Kind::Invalid, "upstream.url",
                    url + ": begins with http://, https:// or unix:");
    }
    rest.remove_prefix(is_tls ? 8 : 7);
    if (rest.ends_with('/')) rest.remove_suffix(1);
    address->authority = rest;
    address->port = is_tls ? 443 : 80;
    const std::size_t colon = rest.rfind(':');
    if (colon != std::string_view::npos && rest.find(']', colon) == std::string_view::npos) {
        const auto port = text::parse_number<std::uint16_t>(rest.substr(colon + 1));
        if (!port || *port == 0) return fail(Kind::Invalid, "upstream.url", url + ": no such port");
        address->port = *port;
        rest = rest.substr(0, colon);
    }
    if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
    if (rest.empty() || rest.find_first_of("/?#@ ") != std::string_view::npos) {
        return fail(Kind::Invalid, "upstream.url", url + ": host and port only");
    }
    address->host = rest;
    if (is_tls) {
        address->tls = MERLON_TRY(http::TlsClientContext::make(
            {service.ca_path, service.certificate_path, service.key_path}));
    }
    return address;
}

Upstream::Upstream(std::vector<std::shared_ptr<const http::UpstreamAddress>> addresses,
                   http::Deadlines& deadlines)
    : deadlines_(deadlines) {
    for (auto& address : addresses) targets_.push_back({std::move(address), {}, 0, 0, 0});
}

std::size_t Upstream::choose() const {
    std::size_t best = 0;
    bool best_is_healthy = false;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
        const bool is_healthy = targets_[i].ejected_until <= deadlines_.now_tick();
        const bool is_better =
            is_healthy != best_is_healthy ? is_healthy : targets_[i].open < targets_[best].open;
        if (i == 0 || is_better) {
            best = i;
            best_is_healthy = is_healthy;
        }
    }
    return best;
}

Task<Upstream::Loan> Upstream::borrow(Fresh fresh) {
    if (open_ >= open_max) {
        co_return fail(Kind::Exhausted, "upstream.unavailable", "too many open requests");
    }
    const std::size_t index = choose();
    Target& target = targets_[index];
    ++open_;
    ++target.open;
    while (fresh == Fresh::No && !target.idle.empty()) {
        Idle idle = std::move(target.idle.back());
        target.idle.pop_back();
        // Closed meanwhile, or saying what nobody asked: not to be trusted with a request.
        if (idle.until_tick <= deadlines_.now_tick() ||
            idle.connection->stream().has_unexpected_input()) {
            continue;
        }
        co_return Loan{std::move(idle.connection), index, true};
    }
    auto made =
        co_await http::ClientConnection::connect(target.address, deadlines_, connect_timeout);
    if (!made) {
        --open_;
        --target.open;
        note_failure(target);
        co_return std::unexpected(std::move(made).error());
    }
    co_return Loan{*std::move(made), index, false};
}

void Upstream::note_failure(Target& target) {
    if (++target.failures >= failures_max) {
        target.ejected_until = deadlines_.now_tick() + ejection_ticks;
        target.idle.clear();
    }
}

void Upstream::give_back(Loan loan) {
    Target& target = targets_[loan.target];
    --open_;
    --target.open;
    target.failures = 0;
    target.ejected_until = 0;
    if (loan.connection->is_reusable() && target.idle.size() < idle_max) {
        loan.connection->stream().clear_deadline();
        constexpr std::uint64_t ticks = idle_time / http::Deadlines::tick_length;
        target.idle.push_back({std::move(loan.connection), deadlines_.now_tick() + ticks});
    }
}

void Upstream::give_up(Loan loan) {
    Target& target = targets_[loan.target];
    --open_;
    --target.open;
    // A kept connection that the upstream had closed says nothing about its health.
    if (!loan.is_reused) note_failure(target);
}

}  // namespace merlon::gateway

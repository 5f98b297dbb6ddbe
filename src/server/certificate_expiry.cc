// Reads certificates' files, and counts their days.
#include "server/certificate_expiry.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/rfc3339.h"
#include "config/load.h"
#include "config/values.h"
#include "rpc/identities.h"
#include "rpc/names.h"
#include "server/gateway_identity.h"
#include "server/say.h"

namespace merlon::server {
namespace {

constexpr std::size_t chain_bytes_max = 256 << 10;
constexpr unsigned judged_every_seconds = 60;

Result<crypto::CertificateChain> read(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) return fail(Kind::Absent, "file.absent");
    return crypto::CertificateChain::from_pem(
        MERLON_TRY(config::DiskFiles().read(path, chain_bytes_max)));
}

bool is_due(const crypto::CertificateChain& chain, WallTime now) {
    return now + chain.renewal_time() >= chain.valid_until();
}

long days_left(const crypto::CertificateChain& chain, WallTime now) {
    return std::chrono::floor<std::chrono::days>(chain.valid_until() - now).count();
}

std::string host_of(std::string_view public_url) {
    const auto url = config::parse_url(public_url);
    if (!url) return {};
    const bool is_bracketed = url->host.starts_with('[');  // an IPv6 address
    return std::string(is_bracketed ? url->host.substr(1, url->host.size() - 2) : url->host);
}

// Of routes. Not wildcards: nobody knows which names below them are asked for.
std::vector<std::string> hosts_of(const gateway::GatewaySettings& gateway) {
    std::set<std::string> hosts;
    for (const gateway::ServiceSettings& service : gateway.services) {
        for (const gateway::RouteSettings& route : service.routes) {
            for (const std::string& host : service.hosts_of(route)) {
                if (!host.starts_with('*')) hosts.insert(host);
            }
        }
    }
    return {hosts.begin(), hosts.end()};
}

// The first is what clients get whose host none of the certificates names: the hosts that are said
// of it are those.
void add_listener_certificates(const config::Settings& settings,
                               std::vector<CertificateUse>& uses) {
    const auto& all = settings.server.tls;
    const auto is_unnamed = [&](const std::string& host) {
        return std::ranges::none_of(all, [&](const net::TlsSettings& one) {
            const auto chain = read(one.certificate_path);
            return chain && chain->names(host);
        });
    };
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::string key =
            i == 0 ? "server.tls" : fmt::format("server.tls.certificates[{}]", i - 1);
        uses.push_back({key, all[i].certificate_path, ""});
        if (i > 0) continue;
        const std::string own = host_of(settings.gateway.public_url);
        if (!own.empty() && is_unnamed(own)) uses.back().host = own;
        for (const std::string& host : hosts_of(settings.gateway)) {
            if (is_unnamed(host)) uses.back().hosts.push_back(host);
        }
    }
}

}  // namespace

std::vector<CertificateUse> certificates_of(const config::Settings& settings,
                                            const installation::RoleSet& roles) {
    std::vector<CertificateUse> uses;
    if (roles.has(rpc::gateway_name)) {
        add_listener_certificates(settings, uses);
        for (const gateway::ServiceSettings& service : settings.gateway.services) {
            if (service.certificate_path.empty()) continue;
            uses.push_back({"services." + service.name, service.certificate_path, ""});
        }
    }
    for (const std::string& name : roles.names()) {
        if (!shows_certificate(settings, roles, name)) continue;
        uses.push_back({"fleet." + name, rpc::certificate_path(settings.fleet, name), ""});
    }
    return uses;
}

std::vector<std::string> certificate_warnings(const CertificateUse& use, WallTime now) {
    const auto chain = read(use.path);
    if (!chain && chain.error().detail.empty()) return {};
    if (!chain) return {use.path + ": " + chain.error().detail};
    std::vector<std::string> warnings = chain->faults(use.host);
    for (const std::string& host : use.hosts) {
        warnings.push_back("it does not name " + host + ", which routes have in host");
    }
    const std::string until = rfc3339(chain->valid_until());
    if (now < chain->valid_from()) {
        warnings.push_back("is good from " + rfc3339(chain->valid_from()) +
                           " only: clients refuse it until then");
    } else if (now >= chain->valid_until()) {
        warnings.push_back("expired at " + until + ": clients refuse it");
    } else if (is_due(*chain, now)) {
        warnings.push_back(
            fmt::format("expires at {}, in {} days: renew it", until, days_left(*chain, now)));
    }
    for (std::string& warning : warnings) warning.insert(0, use.path + ": ");
    return warnings;
}

CertificateExpiry::CertificateExpiry(const Clock& clock, events::EventSink& events,
                                     metrics::Registry& metrics)
    : clock_(clock), events_(events) {
    metrics.observe_gauges("merlon_certificate_days_left",
                           "whole days until a certificate expires; negative: it has expired",
                           [this] { return days(); });
}

metrics::Registry::Readings CertificateExpiry::days() const {
    metrics::Registry::Readings readings;
    const WallTime now = clock_.wall();
    for (const auto& [key, entry] : entries_) {
        readings.push_back(
            {{{"certificate", key}}, static_cast<double>(days_left(entry.chain, now))});
    }
    return readings;
}

void CertificateExpiry::replace(const std::vector<CertificateUse>& uses) {
    const WallTime now = clock_.wall();
    std::map<std::string, Entry> before = std::exchange(entries_, {});
    for (const CertificateUse& use : uses) {
        auto chain = read(use.path);
        if (!chain) continue;
        for (const std::string& warning : certificate_warnings(use, now)) {
            say("warning: " + use.key + ": " + warning);
        }
        const auto old = before.find(use.key);
        const bool is_same =
            old != before.end() && old->second.chain.valid_until() == chain->valid_until();
        Entry entry{*std::move(chain), use.path, is_same ? old->second.reported_at : WallTime{}};
        report(use.key, entry, now);
        entries_.insert_or_assign(use.key, std::move(entry));
    }
}

void CertificateExpiry::tick() {
    if (++seconds_ % judged_every_seconds != 0) return;
    const WallTime now = clock_.wall();
    for (auto& [key, entry] : entries_) report(key, entry, now);
}

void CertificateExpiry::report(const std::string& key, Entry& entry, WallTime now) {
    if (!is_due(entry.chain, now) || now < entry.reported_at + std::chrono::days{1}) return;
    entry.reported_at = now;
    const events::Type type = events::Type::CertificateExpiring;
    events_.write({type,
                   events::default_severity(type),
                   now,
                   {},
                   {},
                   {{"certificate", key},
                    {"file", entry.path},
                    {"expiresAt", rfc3339(entry.chain.valid_until())}}});
}

}  // namespace merlon::server

// The certificates that a process presents: what is wrong with them, and how long they last.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "config/settings.h"
#include "crypto/certificate_chain.h"
#include "events/event.h"
#include "installation/role_set.h"

namespace merlon::server {

// A certificate that the configuration names. Value.
struct CertificateUse {
    std::string key;   // of merlon.yaml, or fleet.ROLE: server.tls, services.catalog
    std::string path;  // PEM
    std::string host;  // of public_url, if it has to name that; empty: any
    std::vector<std::string> hosts = {};  // of routes, that it has to name
};

// Those that these roles present: to clients, to services and to each other.
std::vector<CertificateUse> certificates_of(const config::Settings& settings,
                                            const installation::RoleSet& roles);

// What an operator should know of a certificate: sentences, none when all is well. A file that is
// absent gives none: the listener or client that needs it fails.
std::vector<std::string> certificate_warnings(const CertificateUse& use, WallTime now);

// Days left of each certificate as a metric, and an event a day when one has to be renewed. Main
// loop's.
class CertificateExpiry final {
public:
    // Borrows all for life. The metric is read on the main loop, too.
    CertificateExpiry(const Clock& clock, events::EventSink& events, metrics::Registry& metrics);
    CertificateExpiry(const CertificateExpiry&) = delete;

    // Reads the certificates that have just come into force; prints and reports what is wrong.
    void replace(const std::vector<CertificateUse>& uses);
    // Every second.
    void tick();

private:
    struct Entry {
        crypto::CertificateChain chain;
        std::string path;
        WallTime reported_at;  // when the last event was written
    };
    metrics::Registry::Readings days() const;
    // Writes the event when it is due.
    void report(const std::string& key, Entry& entry, WallTime now);

    const Clock& clock_;
    events::EventSink& events_;
    std::map<std::string, Entry> entries_;  // by key
    unsigned seconds_ = 0;
};

}  // namespace merlon::server

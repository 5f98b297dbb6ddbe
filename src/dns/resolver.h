// Asks for the addresses of names again and again, each time when the last answer's TTL is over, on
// a thread of its own.
//
// The hosts file comes before the servers, as everywhere. A name that is asked for again keeps its
// addresses until the new ones are there: nobody waits for a look-up but for the first.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/file_descriptor.h"
#include "base/mutex.h"
#include "dns/followed_name.h"

namespace merlon::dns {

class Channel;

struct ResolverSettings {
    std::vector<std::string> servers;  // address or address:port; none: those of /etc/resolv.conf
};

// Whether it is one of a server: 10.0.0.2, 10.0.0.2:53, fd00::2 or [fd00::2]:53.
bool is_server_address(const std::string& text);

// Safe from every thread. Outlives the names it gives.
class Resolver final {
public:
    // Whatever an answer says of its TTL: never more often, never later.
    static constexpr std::chrono::seconds ttl_min{1};
    static constexpr std::chrono::seconds ttl_max{60};
    // What the hosts file says has no TTL.
    static constexpr std::chrono::seconds hosts_ttl{5};
    // After a look-up that found nothing.
    static constexpr std::chrono::seconds retry_first{1};
    static constexpr std::chrono::seconds retry_max{30};

    // Told when a name begins not to be found and when it is found again.
    using Report = std::function<void(const std::string& line)>;

    // `report` is called by the resolver's thread. Borrows the clock for life.
    Resolver(ResolverSettings settings, const Clock& clock, Report report);
    ~Resolver();

    // The name, asked for from now on as long as somebody holds it; an address is itself.
    std::shared_ptr<FollowedName> follow(const std::string& host);

private:
    struct Entry {
        std::weak_ptr<FollowedName> name;
        SteadyTime due{};  // the next look-up
        SteadyTime last{};
        bool is_under_way = false;
        std::chrono::seconds retry = retry_first;
    };
    struct Query;

    void run(std::stop_token stop);
    // Begins what is due, and gives when there will be more to do.
    SteadyTime begin_due(Channel& channel);
    void begin(Channel& channel, std::shared_ptr<FollowedName> name);
    void note_end(const std::shared_ptr<FollowedName>& name,
                  std::optional<std::chrono::seconds> ttl);
    void wake() const;

    const ResolverSettings settings_;
    const Clock& clock_;
    const Report report_;
    FileDescriptor news_;  // an eventfd
    Mutex mutex_;
    std::vector<Entry> names_ MERLON_GUARDED_BY(mutex_);
    std::jthread thread_;  // begun with the first name
};

}  // namespace merlon::dns

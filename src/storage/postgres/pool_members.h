// The open connections of a pool: which are idle, which are in use, and which to close.
#pragma once

#include <algorithm>
#include <chrono>
#include <list>
#include <memory>
#include <vector>

#include "base/clock.h"

namespace merlon::storage {

// Owns the connections. Has no clock: each call says what time it is. Asks a connection only for
// its busy_since() and backend(), so that a test needs no server.
template <class Connection>
class PoolMembers final {
public:
    // In use from now on.
    Connection& add(std::unique_ptr<Connection> connection, SteadyTime now) {
        members_.push_back({std::move(connection), false, now});
        return *members_.back().connection;
    }

    // The idle connection that was used last, in use from now on: the others get old enough to be
    // closed. Null: none is idle.
    Connection* take_idle(SteadyTime now) {
        for (auto member = members_.rbegin(); member != members_.rend(); ++member) {
            if (!member->is_idle) continue;
            member->is_idle = false;
            member->since = now;
            return member->connection.get();
        }
        return nullptr;
    }

    // From one user to the next.
    void pass_on(const Connection& connection, SteadyTime now) {
        place_of(connection)->since = now;
    }

    void make_idle(const Connection& connection, SteadyTime now) {
        const auto member = place_of(connection);
        member->since = now;
        member->is_idle = true;
        members_.splice(members_.end(), members_, member);
    }

    void remove(const Connection& connection) { members_.erase(place_of(connection)); }

    // Removes a broken connection and the idle ones that are probably broken, too: what broke it,
    // most likely a server that went away, broke them. But a connection that was taken before the
    // server last answered a probe says nothing about those used since then.
    void remove_broken(const Connection& connection, SteadyTime probed_at) {
        const SteadyTime taken = place_of(connection)->since;
        const SteadyTime doubted_until = taken < probed_at ? probed_at : SteadyTime::max();
        remove(connection);
        std::erase_if(members_, [&](const Member& member) {
            return member.is_idle && member.since < doubted_until;
        });
    }

    // Closes what was idle for longer than `idle_max`, the longest unused first, but leaves
    // `count_min` connections.
    void close_unused(SteadyTime now, std::chrono::milliseconds idle_max, std::size_t count_min) {
        for (auto member = members_.begin(); member != members_.end();) {
            if (members_.size() <= count_min) return;
            const bool is_unused = member->is_idle && now - member->since > idle_max;
            member = is_unused ? members_.erase(member) : std::next(member);
        }
    }
    void close_idle() {
        std::erase_if(members_, [](const Member& member) { return member.is_idle; });
    }

    // Those whose statement has had no answer since then or longer.
    std::vector<Connection*> silent_since(SteadyTime since) const {
        std::vector<Connection*> silent;
        for (const Member& member : members_) {
            if (member.connection->busy_since() <= since) {
                silent.push_back(member.connection.get());
            }
        }
        return silent;
    }

    std::size_t size() const { return members_.size(); }
    bool empty() const { return members_.empty(); }
    template <class Visit>
    void for_each(Visit visit) {
        for (Member& member : members_) visit(*member.connection);
    }

private:
    struct Member {
        std::unique_ptr<Connection> connection;
        bool is_idle = false;  // else in use
        SteadyTime since{};    // idle or in use since then
    };

    std::list<Member>::iterator place_of(const Connection& connection) {
        return std::ranges::find_if(
            members_, [&](const Member& one) { return one.connection.get() == &connection; });
    }

    std::list<Member> members_;  // the most recently used last
};

// Of `silent` connections, those whose statement the server does not work on. `probe` asked, and
// `active` are the server processes that work on something. Behind a pooler the numbers are the
// pooler's own, so that even the probe is not among them: nothing can be said then.
template <class Connection>
std::vector<Connection*> dead_among(std::vector<Connection*> silent,
                                    const std::vector<std::int64_t>& active,
                                    const Connection& probe) {
    const auto is_active = [&](const Connection* one) {
        return std::ranges::find(active, one->backend()) != active.end();
    };
    if (!is_active(&probe)) return {};
    std::erase_if(silent, is_active);
    return silent;
}

}  // namespace merlon::storage

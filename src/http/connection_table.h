// The open connections of one server: how many each client has, and which of them give way.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace merlon::http {

// Used by one thread. Accepting costs a constant until a limit is reached. Then a scan looks at
// every connection and closes one in 64, so that accepting one costs about 64 looks. A scan that
// finds nothing to close is not repeated within the tick.
class ConnectionTable final {
public:
    struct Limits {
        std::size_t all;
        std::size_t per_client;
    };

    // An open connection. Stays where it is while the table has it.
    class Member {
    public:
        virtual ~Member() = default;
        // Whether a request is being served. Otherwise it may be closed: it is silent, or in the
        // middle of a handshake or of a head.
        virtual bool is_serving() const = 0;
        // Whether it has had a response.
        virtual bool has_served() const = 0;
        // Whether no byte of a next request has come: it can be closed without losing one.
        virtual bool is_between_requests() const = 0;
        // The tick of net::Deadlines since which it waits for its client.
        virtual std::uint64_t waiting_since_tick() const = 0;
        virtual void close() = 0;

    private:
        friend class ConnectionTable;
        std::string client_;
        std::list<Member*>::iterator place_;
        std::list<Member*>::iterator place_of_client_;
        bool is_listed_ = false;
    };

    explicit ConnectionTable(Limits limits) : limits_(limits) {}

    bool is_full() const { return all_.members.size() >= limits_.all; }
    // Whether one more connection may be accepted. Where the table is full, closes those that wait
    // longest; false when every connection serves a request.
    //
    // Of those that have had a response and those that have not, the more numerous give way: silent
    // connections of a stranger, which are always younger, cannot push out everybody's kept ones,
    // and kept ones leave room to begin.
    bool has_room(std::uint64_t now_tick);
    // Whether this client may have one more. Where it has its share, closes those of its own that
    // wait longest; false when each serves a request.
    bool admits(const std::string& client, std::uint64_t now_tick);

    // `client`: as counted_client() names it; empty where many clients share the address.
    void add(Member& member, std::string client);
    // Nothing happens when has_room() or admits() has closed it.
    void remove(Member& member);

    std::size_t size() const { return all_.members.size(); }
    const std::list<Member*>& members() const { return all_.members; }

private:
    struct Group {
        std::list<Member*> members;
        std::optional<std::uint64_t> all_served_at_tick;  // a scan found nothing to close
    };

    bool make_room(Group& group, std::size_t members_max, std::uint64_t now_tick);
    // Closes the longest waiting ones of the group. False: none waits.
    bool close_waiting(const Group& group);

    Limits limits_;
    Group all_;
    std::unordered_map<std::string, Group> clients_;
};

}  // namespace merlon::http

// Shares the connections of a server among its clients.
#include "http/connection_table.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace merlon::http {
namespace {

// One scan makes room for so many more connections that scanning costs little for each.
constexpr std::size_t closed_fraction = 64;

}  // namespace

bool ConnectionTable::has_room(std::uint64_t now_tick) {
    return make_room(all_, limits_.all, now_tick);
}

bool ConnectionTable::admits(const std::string& client, std::uint64_t now_tick) {
    const auto found = client.empty() ? clients_.end() : clients_.find(client);
    return found == clients_.end() || make_room(found->second, limits_.per_client, now_tick);
}

bool ConnectionTable::make_room(Group& group, std::size_t members_max, std::uint64_t now_tick) {
    if (group.members.size() < members_max) return true;
    if (group.all_served_at_tick == now_tick) return false;
    if (close_waiting(group)) return true;
    group.all_served_at_tick = now_tick;
    return false;
}

bool ConnectionTable::close_waiting(const Group& group) {
    std::vector<Member*> silent;  // without a response so far
    std::vector<Member*> kept;
    for (Member* member : group.members) {
        if (!member->is_serving()) (member->has_served() ? kept : silent).push_back(member);
    }
    std::vector<Member*>& waiting = silent.size() >= kept.size() ? silent : kept;
    if (waiting.empty()) return false;
    const std::size_t count = std::min(waiting.size(), 1 + group.members.size() / closed_fraction);
    // A kept connection that has begun a request goes last. A silent one gets nothing for a byte.
    const auto order = [&](const Member* member) {
        const bool has_begun = &waiting == &kept && !member->is_between_requests();
        return std::pair(has_begun, member->waiting_since_tick());
    };
    std::ranges::partial_sort(waiting, waiting.begin() + static_cast<std::ptrdiff_t>(count), {},
                              order);
    waiting.resize(count);
    for (Member* member : waiting) {
        remove(*member);
        member->close();
    }
    return true;
}

void ConnectionTable::add(Member& member, std::string client) {
    member.place_ = all_.members.insert(all_.members.end(), &member);
    if (!client.empty()) {
        std::list<Member*>& of_client = clients_[client].members;
        member.place_of_client_ = of_client.insert(of_client.end(), &member);
    }
    member.client_ = std::move(client);
    member.is_listed_ = true;
}

void ConnectionTable::remove(Member& member) {
    if (!std::exchange(member.is_listed_, false)) return;
    all_.members.erase(member.place_);
    if (member.client_.empty()) return;
    const auto found = clients_.find(member.client_);
    found->second.members.erase(member.place_of_client_);
    if (found->second.members.empty()) clients_.erase(found);
}

}  // namespace merlon::http

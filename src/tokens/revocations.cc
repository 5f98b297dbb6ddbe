// The revocation set.
#include "tokens/revocations.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "base/text.h"

namespace merlon::tokens {
namespace {

constexpr std::int64_t any_version = std::numeric_limits<std::uint32_t>::max();

// Never too early.
template <class Time>
std::uint32_t seconds_up(Time time) {
    return static_cast<std::uint32_t>(
        std::chrono::ceil<std::chrono::seconds>(time.time_since_epoch()).count());
}

template <class Time>
std::uint32_t seconds_down(Time time) {
    return static_cast<std::uint32_t>(
        std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count());
}

}  // namespace

void Revocations::end_session(std::string_view session_id, WallTime until) {
    add(session_id, any_version, until, Tell::Always);
}

void Revocations::raise_version(std::string_view user_id, std::int64_t least, WallTime until) {
    add(user_id, least, until, Tell::Always);
}

void Revocations::learn(std::string_view id, std::int64_t least_version, WallTime until) {
    add(id, least_version, until, Tell::News);
}

void Revocations::add(std::string_view text, std::int64_t least_version, WallTime until,
                      Tell tell) {
    const auto id = RevokedId::parse(text);
    if (!id) return;
    const Revoked revoked{
        *id, static_cast<std::uint32_t>(std::clamp<std::int64_t>(least_version, 1, any_version)),
        seconds_up(until), seconds_up(clock_.steady() + (until - clock_.wall()))};
    Part& part = const_cast<Part&>(part_of(*id));
    bool is_news = true;
    {
        const Lock lock(part.mutex);
        is_news = part.table.add(revoked);
    }
    if (tell == Tell::News && !is_news) return;
    note(revoked);
    if (tell_) tell_();
}

void Revocations::note(const Revoked& revoked) {
    const Lock lock(recent_mutex_);
    const std::uint64_t next = generation_.load(std::memory_order_relaxed) + 1;
    recent_[next % remembered] = revoked;
    generation_.store(next, std::memory_order_release);
}

std::string Revocations::told_since(std::uint64_t generation) const {
    const Lock lock(recent_mutex_);
    const std::uint64_t last = generation_.load(std::memory_order_relaxed);
    if (last - generation > remembered) return std::string(untold);
    std::string told;
    for (std::uint64_t number = generation + 1; number <= last; ++number) {
        const Revoked& one = recent_[number % remembered];
        if (!told.empty()) told += ',';
        fmt::format_to(std::back_inserter(told), "{}/{}/{}", one.id.text(), one.least_version,
                       one.until);
    }
    return told;
}

bool Revocations::take_over(std::string_view told) {
    while (!told.empty()) {
        const std::string_view one = told.substr(0, told.find(','));
        told.remove_prefix(std::min(told.size(), one.size() + 1));
        const std::size_t first = one.find('/');
        const std::size_t second = one.rfind('/');
        if (first == std::string_view::npos || first == second) return false;
        const auto least =
            text::parse_number<std::uint32_t>(one.substr(first + 1, second - first - 1));
        const auto until = text::parse_number<std::uint32_t>(one.substr(second + 1));
        if (!least || !until || !RevokedId::parse(one.substr(0, first))) return false;
        learn(one.substr(0, first), *least, WallTime{std::chrono::seconds{*until}});
    }
    return true;
}

Result<> Revocations::require_live(const AccessToken& token) const {
    // Before the search: what is added during it makes another generation.
    const std::uint64_t generation = this->generation();
    if (token.revocations_seen == generation) return {};
    if (is_revoked(token)) return fail(Kind::Unknown, "token.revoked");
    token.revocations_seen = generation;
    return {};
}

bool Revocations::is_revoked(const AccessToken& token) const {
    const auto& [session, user] = token.revocable;
    // A session that ended is over for every version.
    return (session && part_of(*session).refuses(*session, 0)) ||
           (user && part_of(*user).refuses(*user, token.version));
}

bool Revocations::Part::refuses(const RevokedId& id, std::int64_t version) const {
    const Lock lock(mutex);
    const Revoked* held = table.find(id);
    return held != nullptr && version < std::int64_t{held->least_version};
}

void Revocations::sweep() {
    Part& part = parts_[swept_.fetch_add(1, std::memory_order_relaxed) % parts];
    const Lock lock(part.mutex);
    part.table.drop_expired(seconds_down(clock_.wall()), seconds_down(clock_.steady()));
}

std::size_t Revocations::size() const {
    std::size_t sum = 0;
    for (const Part& part : parts_) {
        const Lock lock(part.mutex);
        sum += part.table.size();
    }
    return sum;
}

}  // namespace merlon::tokens

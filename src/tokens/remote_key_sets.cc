// Decides when to fetch a foreign key set, and what to do with the result.
#include "tokens/remote_key_sets.h"

#include <algorithm>
#include <thread>

namespace merlon::tokens {

std::uint64_t RemoteKeySet::request_fetch() { return owner_.request_fetch(*this); }

Task<> RemoteKeySet::wait_for_fetch(std::uint64_t seen, SteadyTime deadline) {
    return Answer<void>::wait_for(
        [this, seen](RemoteKeySets::Waiter waiter) {
            return owner_.add_waiter(*this, seen, std::move(waiter));
        },
        deadline);
}

bool RemoteKeySet::has_lost(std::string_view kid) const {
    const auto lost = lost_.load();
    return std::ranges::find(*lost, kid) != lost->end();
}

void RemoteKeySet::replace(std::vector<NamedKey> keys) {
    const auto has = [&](std::string_view kid) {
        return std::ranges::find(keys, kid, &NamedKey::kid) != keys.end();
    };
    std::vector<std::string> lost;
    for (const NamedKey& key : *keys_.load()) {
        if (!has(key.kid)) lost.push_back(key.kid);
    }
    for (const std::string& kid : *lost_.load()) {
        if (!has(kid) && lost.size() < jwks_keys_max) lost.push_back(kid);
    }
    lost_.store(std::make_shared<const std::vector<std::string>>(std::move(lost)));
    keys_.store(std::make_shared<const std::vector<NamedKey>>(std::move(keys)));
    generation_.fetch_add(1, std::memory_order_release);
}

Error RemoteKeySet::absent() const {
    return {Kind::Unavailable, absent_keys_rule, "no keys of " + source_.url,
            RetryAfter{owner_.until_next_fetch(*this)}};
}

RemoteKeySets::Entry& RemoteKeySets::entry_of(const RemoteKeySet& set) {
    return *std::ranges::find_if(
        sets_, [&](const Entry& entry) { return entry.set.lock().get() == &set; });
}

std::uint64_t RemoteKeySets::request_fetch(const RemoteKeySet& set) {
    const SteadyTime now = clock_.steady();
    const Lock lock(mutex_);
    Entry& entry = entry_of(set);
    const bool begins_now = !entry.is_under_way() && entry.next() <= now;
    if (set.keys()->empty()) {
        // The first fetch tells. After a failure nobody waits for the next, half a minute later.
        return entry.is_under_way() || begins_now ? entry.ended + 1 : entry.ended;
    }
    // One that is under way may have been answered before there was the key.
    if (!begins_now && !entry.turn) {
        entry.turn = entry.last_turn ? std::max(now, *entry.last_turn + missed_every) : now;
        has_news_ = true;
        wakes_.notify_one();
    }
    return entry.begun + 1;
}

Result<> RemoteKeySets::add_waiter(const RemoteKeySet& set, std::uint64_t seen, Waiter waiter) {
    const Lock lock(mutex_);
    Entry& entry = entry_of(set);
    if (entry.ended > seen) {
        waiter->set({});
        return {};
    }
    if (entry.waiters.size() >= waiters_max) {
        return fail(Kind::Exhausted, awaited_keys_rule, {}, RetryAfter{missed_every});
    }
    entry.waiters.push_back(std::move(waiter));
    return {};
}

std::chrono::seconds RemoteKeySets::until_next_fetch(const RemoteKeySet& set) {
    const SteadyTime now = clock_.steady();
    const Lock lock(mutex_);
    const SteadyTime next = entry_of(set).next();
    return std::chrono::ceil<std::chrono::seconds>(std::max(next, now) - now);
}

std::shared_ptr<RemoteKeySet> RemoteKeySets::obtain(const fetch::Request& source) {
    const Lock lock(mutex_);
    for (const Entry& known : sets_) {
        auto set = known.set.lock();
        if (set && set->source_ == source) return set;
    }
    auto set = std::make_shared<RemoteKeySet>(*this, source);
    sets_.push_back({set});
    has_news_ = true;
    wakes_.notify_one();
    return set;
}

// The sets to fetch now. Each is due again after a failure unless fetch() says more.
std::vector<std::shared_ptr<RemoteKeySet>> RemoteKeySets::take_due() {
    const SteadyTime now = clock_.steady();
    std::vector<std::shared_ptr<RemoteKeySet>> due;
    const Lock lock(mutex_);
    std::erase_if(sets_, [](const Entry& entry) { return entry.set.expired(); });
    for (Entry& entry : sets_) {
        const auto set = entry.set.lock();
        if (!set || entry.next() > now) continue;
        entry.due = now + retried_after;
        if (entry.turn && *entry.turn <= now) entry.last_turn = std::exchange(entry.turn, {});
        ++entry.begun;
        due.push_back(set);
    }
    return due;
}

bool RemoteKeySets::fetch(RemoteKeySet& set, std::stop_token stop) {
    auto document = fetcher_.get(set.source_, stop);
    if (document && *document == set.document_) return true;
    auto keys = document ? parse_jwks(*document) : std::unexpected(std::move(document).error());
    if (!keys) {
        if (!set.has_failed_ && !stop.stop_requested()) {
            report_("keys of " + set.source_.url + " not fetched, " +
                    (set.document_.empty() ? "there are none yet: " : "the last ones stay: ") +
                    std::string(keys.error().rule) + " " + keys.error().detail);
        }
        return false;
    }
    set.document_ = *std::move(document);
    set.replace(*std::move(keys));
    return true;
}

void RemoteKeySets::note_end(RemoteKeySet& set, bool is_fetched) {
    std::vector<Waiter> waiters;
    {
        const Lock lock(mutex_);
        Entry& entry = entry_of(set);
        entry.ended = entry.begun;
        set.fetches_.store(entry.ended, std::memory_order_release);
        if (is_fetched) entry.due = clock_.steady() + fetched_every;
        waiters.swap(entry.waiters);
    }
    for (const Waiter& waiter : waiters) waiter->set({});
}

void RemoteKeySets::fetch_and_tell(RemoteKeySet& set, std::stop_token stop) {
    const bool is_fetched = fetch(set, std::move(stop));
    if (is_fetched && set.has_failed_) report_("keys of " + set.source_.url + " fetched");
    set.has_failed_ = !is_fetched;
    note_end(set, is_fetched);
}

// All at a time: a provider that hangs does not delay the keys of the others.
SteadyTime RemoteKeySets::work(std::stop_token stop) {
    const auto due = take_due();
    {
        std::vector<std::jthread> others;
        for (std::size_t i = 1; i < due.size(); ++i) {
            others.emplace_back([this, stop, set = due[i]] { fetch_and_tell(*set, stop); });
        }
        if (!due.empty()) fetch_and_tell(*due.front(), stop);
    }
    SteadyTime next = clock_.steady() + fetched_every;
    bool all_tried = true;
    {
        const Lock lock(mutex_);
        for (const Entry& entry : sets_) {
            if (entry.set.expired()) continue;
            next = std::min(next, entry.next());
            all_tried = all_tried && entry.ended > 0;
        }
    }
    if (all_tried && when_tried_) std::exchange(when_tried_, nullptr)();
    return next;
}

void RemoteKeySets::run(std::stop_token stop) {
    while (!stop.stop_requested()) {
        const SteadyTime next = work(stop);
        Lock lock(mutex_);
        wakes_.wait_until(lock.native(), stop, next, [this]() MERLON_REQUIRES(mutex_) {
            return std::exchange(has_news_, false);
        });
    }
}

}  // namespace merlon::tokens

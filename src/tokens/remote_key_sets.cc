// Decides when to fetch a foreign key set, and what to do with the result.
#include "tokens/remote_key_sets.h"

#include <algorithm>

namespace merlon::tokens {

void RemoteKeySet::miss() { owner_.miss(*this); }

RemoteKeySets::Entry& RemoteKeySets::entry_of(const RemoteKeySet& set) {
    return *std::ranges::find_if(
        sets_, [&](const Entry& entry) { return entry.set.lock().get() == &set; });
}

void RemoteKeySets::miss(const RemoteKeySet& set) {
    const SteadyTime now = clock_.steady();
    const Lock lock(mutex_);
    Entry& entry = entry_of(set);
    if (!entry.was_asked_for) return;  // the first fetch is under way
    if (entry.missed && now - *entry.missed < missed_every) return;
    entry.missed = now;
    entry.due.reset();
    has_news_ = true;
    wakes_.notify_one();
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
        if (!set || (entry.due && *entry.due > now)) continue;
        entry.due = now + retried_after;
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
    set.keys_.store(std::make_shared<const std::vector<NamedKey>>(*std::move(keys)));
    set.generation_.fetch_add(1, std::memory_order_release);
    return true;
}

SteadyTime RemoteKeySets::work(std::stop_token stop) {
    for (const auto& set : take_due()) {
        const bool is_fetched = fetch(*set, stop);
        if (is_fetched && set->has_failed_) report_("keys of " + set->source_.url + " fetched");
        set->has_failed_ = !is_fetched;
        const Lock lock(mutex_);
        Entry& entry = entry_of(*set);
        entry.was_asked_for = true;
        // A miss that came meanwhile has made it due already.
        if (is_fetched && entry.due) entry.due = clock_.steady() + fetched_every;
    }
    const Lock lock(mutex_);
    SteadyTime next = clock_.steady() + fetched_every;
    for (const Entry& entry : sets_) {
        if (!entry.set.expired()) next = std::min(next, entry.due.value_or(SteadyTime{}));
    }
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

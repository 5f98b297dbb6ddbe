// The timer wheel: set, cancel, tick.
#include "net/deadlines.h"

namespace merlon::net {

void Deadlines::Entry::unlink() {
    if (!is_set()) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = nullptr;
}

void Deadlines::Head::reset() { next_ = previous_ = this; }

Deadlines::Deadlines(Executor executor) : timer_(executor) {}

Deadlines::~Deadlines() {
    for (Head& head : slots_) {
        while (head.next_ != &head) head.next_->unlink();
    }
}

void Deadlines::set(Entry& entry, std::chrono::milliseconds delay) {
    // One tick more than the delay needs: the current tick has partly passed.
    const auto ticks = static_cast<std::uint64_t>(
                           (delay + tick_length - std::chrono::milliseconds{1}) / tick_length) +
                       1;
    const std::uint64_t due_tick = now_tick_ + ticks;
    if (entry.is_set() && entry.due_tick_ == due_tick) return;
    entry.unlink();
    entry.due_tick_ = due_tick;
    link(entry);
}

void Deadlines::link(Entry& entry) {
    Head& head = slots_[entry.due_tick_ % slot_count];
    entry.next_ = &head;
    entry.previous_ = head.previous_;
    head.previous_->next_ = &entry;
    head.previous_ = &entry;
}

void Deadlines::start() {
    timer_.expires_after(tick_length);
    wait();
}

void Deadlines::wait() {
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;  // stopped
        advance();
        // From the last expiry, not from now, so that ticks keep their length under load.
        timer_.expires_at(timer_.expiry() + tick_length);
        wait();
    });
}

void Deadlines::advance() {
    ++now_tick_;
    Head& head = slots_[now_tick_ % slot_count];
    // Taken off as a whole first: expired() may set deadlines again, in this slot too.
    Head due;
    if (head.next_ != &head) {
        due.next_ = head.next_;
        due.previous_ = head.previous_;
        due.next_->previous_ = &due;
        due.previous_->next_ = &due;
        head.reset();
    }
    while (due.next_ != &due) {
        Entry& entry = *due.next_;
        entry.unlink();
        if (entry.due_tick_ > now_tick_) {
            link(entry);  // another round of the wheel
        } else {
            entry.expired();
        }
    }
}

}  // namespace merlon::net

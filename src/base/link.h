// A circular list that its members are part of: to enter and to leave is a few pointer writes.
#pragma once

namespace merlon {

// A place in a list, or the head of one, which holds no value. Leaves its list when it ends.
class Link {
public:
    Link() = default;
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;
    ~Link() { unlink(); }

    // For a head: whether its list has a member.
    bool is_linked() const { return next_ != this; }
    // The first member, of a head whose list has one.
    Link& first() const { return *next_; }

    void unlink() {
        next_->previous_ = previous_;
        previous_->next_ = next_;
        next_ = previous_ = this;
    }
    // At the end of the list of `head`. This is in no list.
    void enter(Link& head) {
        next_ = &head;
        previous_ = head.previous_;
        previous_->next_ = head.previous_ = this;
    }
    // Makes this the head of all that `head` has. This is in no list.
    void take_all(Link& head) {
        if (!head.is_linked()) return;
        enter(head);
        head.unlink();
    }

private:
    Link* next_ = this;
    Link* previous_ = this;
};

}  // namespace merlon

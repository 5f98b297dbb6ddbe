// Lists the forwarded exchanges of one worker, so that they can be closed when their session is
// revoked, or when their token expires while they stream.
#pragma once

#include "net/stream.h"
#include "tokens/access_token.h"

namespace merlon::gateway {

// An intrusive list: entering costs a few pointer writes. One thread, the worker's.
class OpenStreams final {
    struct Link {
        Link* next = this;
        Link* previous = this;
    };

public:
    // Lives in the frame of the exchange, borrows its token and streams.
    class Entry final : private Link {
    public:
        // `token` null: nobody was authenticated, so nothing can be revoked; the entry stays out.
        Entry(OpenStreams& all, const tokens::AccessToken* token, net::Stream& client)
            : token_(token), client_(client) {
            if (token == nullptr) return;
            previous = all.first_.previous;
            next = &all.first_;
            previous->next = next->previous = this;
        }
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;
        ~Entry() {
            previous->next = next;
            next->previous = previous;
        }

        // The upstream's side, closed together with the client's; null once it is given back.
        void set_upstream(net::Stream* upstream) { upstream_ = upstream; }
        // From now on the exchange ends when its token expires. Before, it is a request that came
        // in time.
        void becomes_stream() { is_stream_ = true; }

    private:
        friend class OpenStreams;
        void close() {
            client_.close();
            if (upstream_ != nullptr) upstream_->close();
        }

        const tokens::AccessToken* token_;
        net::Stream& client_;
        net::Stream* upstream_ = nullptr;
        bool is_stream_ = false;
    };

    OpenStreams() = default;
    OpenStreams(const OpenStreams&) = delete;
    OpenStreams& operator=(const OpenStreams&) = delete;
    ~OpenStreams() {
        // Frames that outlive a stopped loop unlink themselves later.
        while (first_.next != &first_) {
            Link* link = first_.next;
            first_.next = link->next;
            link->next = link->previous = link;
        }
    }

    // Cuts the connections of every exchange whose token `is_revoked` says so of.
    template <class Predicate>
    void close_revoked(Predicate is_revoked) {
        for_each([&](Entry& entry) {
            if (is_revoked(*entry.token_)) entry.close();
        });
    }
    // The same for streams whose token has expired, or is from the future. Once a second.
    void close_expired(WallTime now) {
        for_each([&](Entry& entry) {
            if (entry.is_stream_ && !entry.token_->is_good_at(now)) entry.close();
        });
    }
    std::size_t size() const {
        std::size_t count = 0;
        for (const Link* link = first_.next; link != &first_; link = link->next) ++count;
        return count;
    }

private:
    // Closing resumes no coroutine before the loop's next turn, so no entry leaves meanwhile.
    template <class Visit>
    void for_each(Visit visit) {
        for (Link* link = first_.next; link != &first_; link = link->next) {
            visit(static_cast<Entry&>(*link));
        }
    }

    Link first_;
};

}  // namespace merlon::gateway

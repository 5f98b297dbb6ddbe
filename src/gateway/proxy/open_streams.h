// Lists the forwarded exchanges of one worker, so that they can be closed when their session is
// revoked, or when their token expires while they stream.
#pragma once

#include "gateway/proxy/tunnel.h"
#include "http/exchange.h"
#include "tokens/access_token.h"
#include "upstream/race.h"

namespace merlon::gateway {

// An intrusive list: entering costs a few pointer writes. One thread, the worker's.
class OpenStreams final {
    struct Link {
        Link* next = this;
        Link* previous = this;
    };

public:
    // Lives in the frame of the exchange, borrows its token and streams.
    // Watches the client: when that has gone, the upstream's side is closed, so that nothing is
    // made that nobody will read.
    class Entry final : private Link, private http::ClientWatch {
    public:
        // `token` null: nobody was authenticated, so nothing can be revoked.
        Entry(OpenStreams& all, const tokens::AccessToken* token, http::Exchange& exchange)
            : token_(token), exchange_(exchange) {
            exchange.watch_client(this);
            previous = all.first_.previous;
            next = &all.first_;
            previous->next = next->previous = this;
        }
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;
        ~Entry() {
            exchange_.watch_client(nullptr);
            previous->next = next;
            next->previous = previous;
        }

        // The upstream's side, closed together with the client's; null once it is given back.
        void set_upstream(net::Stream* upstream) { upstream_ = upstream; }
        // From now on the exchange ends when its token expires. Before, it is a request that came
        // in time.
        void becomes_stream() { is_stream_ = true; }
        // Either side of a tunnel may send no more and wait for what the other sends. The tunnel
        // is borrowed until forget_tunnel().
        void becomes_tunnel(Tunnel& tunnel) {
            becomes_stream();
            tunnel_ = &tunnel;
            exchange_.watch_client(nullptr);
            exchange_.stream().find_out_dead_peer();
        }
        void forget_tunnel() { tunnel_ = nullptr; }
        // Ends the wait for a connection when the client has gone.
        upstream::Abandonment& abandonment() { return abandonment_; }
        // Asks where nothing has told: an end that came while somebody read the body.
        bool client_has_left() {
            if (!abandonment_.is_set() && exchange_.client_has_left()) client_left();
            return abandonment_.is_set();
        }

    private:
        friend class OpenStreams;
        void client_left() override {
            abandonment_.set();
            if (upstream_ != nullptr) upstream_->close();
        }
        void close() {
            if (tunnel_ != nullptr) return tunnel_->end(wire::CloseCode::PolicyViolation);
            exchange_.stream().close();
            if (upstream_ != nullptr) upstream_->close();
        }

        const tokens::AccessToken* token_;
        http::Exchange& exchange_;
        net::Stream* upstream_ = nullptr;
        Tunnel* tunnel_ = nullptr;
        bool is_stream_ = false;
        upstream::Abandonment abandonment_;  // set: the client has left
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
            if (entry.token_ != nullptr && is_revoked(*entry.token_)) entry.close();
        });
    }
    // The same for streams whose token has expired, or is from the future. Once a second.
    void close_expired(WallTime now) {
        for_each([&](Entry& entry) {
            const bool may_expire = entry.is_stream_ && entry.token_ != nullptr;
            if (may_expire && !entry.token_->is_good_at(now)) entry.close();
        });
    }
    // Tells the two sides of every tunnel that this server is going away.
    void end_tunnels() {
        for_each([](Entry& entry) {
            if (entry.tunnel_ != nullptr) entry.tunnel_->end(wire::CloseCode::GoingAway);
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

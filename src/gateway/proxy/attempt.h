// Sends a proxied request once, over one connection, and relays its response.
#pragma once

#include "gateway/proxy/proxy.h"

namespace merlon::gateway {

// One attempt. Lives in forward()'s frame.
class Attempt final {
public:
    Attempt(http::Exchange& exchange, http::ClientConnection& upstream, const Forwarding& to,
            OpenStreams::Entry& entry, upstream::Places::Place& place)
        : exchange_(exchange), upstream_(upstream), to_(to), entry_(entry), place_(place) {
        entry_.set_upstream(&upstream.stream());
    }
    ~Attempt() { entry_.set_upstream(nullptr); }

    // Sends the head and the received part of the body, then the rest as the client sends it. The
    // response is relayed as soon as it begins. Gives its status.
    // `head` and `body` stay where they are until then.
    Task<int> run(std::string_view head, std::string_view body);

    // No byte of the request was sent: sending it elsewhere cannot do it twice.
    bool sent_nothing() const { return sent_nothing_; }
    // The connection has carried the whole request and the whole response.
    bool is_complete() const { return is_sent_ && !is_tunnel_; }

private:
    Task<int> relay_response();
    Task<int> relay_response_while_sending();
    Task<> send_body();
    Task<> send_response(const wire::ResponseHead& response);
    Task<> apply_revocations(const wire::ResponseHead& response);
    Task<int> open_tunnel(const wire::ResponseHead& response);

    http::Exchange& exchange_;
    http::ClientConnection& upstream_;
    const Forwarding& to_;
    OpenStreams::Entry& entry_;
    upstream::Places::Place& place_;
    SteadyTime began_ = to_.clock.steady();
    const std::uint64_t revocations_before_ =
        to_.revocations != nullptr ? to_.revocations->generation() : 0;
    bool sent_nothing_ = false;
    bool is_sent_ = false;
    bool has_response_ = false;
    bool is_tunnel_ = false;
    bool stops_sending_ = false;
    bool client_failed_ = false;
};

}  // namespace merlon::gateway

// One sending of a proxied request over one connection, and the relaying of its answer.
#pragma once

#include "gateway/proxy/proxy.h"

namespace merlon::gateway {

// The request sent once, over one connection. Lives in forward()'s frame.
class Attempt final {
public:
    Attempt(http::Exchange& exchange, http::ClientConnection& upstream, const Forwarding& to,
            OpenStreams::Entry& entry)
        : exchange_(exchange), upstream_(upstream), to_(to), entry_(entry) {
        entry_.set_upstream(&upstream.stream());
    }
    ~Attempt() { entry_.set_upstream(nullptr); }

    // Sends head and body, then what of the body is still to come from the client, while the answer
    // is relayed as soon as there is one. Gives its status.
    // `head` and `body` stay where they are until then.
    Task<int> run(std::string_view head, std::string_view body);

    // Nothing of the request has left: sending it elsewhere cannot do it twice.
    bool sent_nothing() const { return sent_nothing_; }
    // The connection has carried a whole request and its whole answer.
    bool is_complete() const { return is_sent_ && !is_tunnel_; }

private:
    Task<int> answer();
    Task<int> answer_while_sending();
    Task<> send_body();
    Task<> relay(const wire::ResponseHead& answer);
    Task<> hear_of_revocations(const wire::ResponseHead& answer);
    Task<int> join_streams(const wire::ResponseHead& answer);

    http::Exchange& exchange_;
    http::ClientConnection& upstream_;
    const Forwarding& to_;
    OpenStreams::Entry& entry_;
    SteadyTime began_ = to_.clock.steady();
    const std::uint64_t heard_ = to_.revocations != nullptr ? to_.revocations->generation() : 0;
    bool sent_nothing_ = false;
    bool is_sent_ = false;
    bool is_answering_ = false;
    bool is_tunnel_ = false;
    bool stops_sending_ = false;
    bool client_failed_ = false;
};

}  // namespace merlon::gateway

// Carries a WebSocket between two connections after a 101, in both directions.
#pragma once

#include "net/stream.h"
#include "wire/websocket_frames.h"

namespace merlon::gateway {

// Carries bytes both ways, each piece sent before the next is read. When one side finishes, the
// other gets the end of stream, and its own direction goes on. A WebSocket in which nothing passes
// is asked by a ping, so that what stands between does not forget it and who is gone is found out.
//
// Lives in the frame of its exchange; borrows the streams, and leaves both closed unless both have
// finished. One thread.
class Tunnel final {
public:
    // A quiet side is asked when nothing has passed for so long, or for half of `idle`.
    static constexpr std::chrono::milliseconds ping_after{30'000};
    // So long the last frames may take.
    static constexpr std::chrono::milliseconds farewell{1'000};

    // `idle`: nothing passing in either direction for so long, no answer to a ping either, ends it.
    Tunnel(net::Stream& client, net::Stream& upstream, std::chrono::milliseconds idle);
    Tunnel(const Tunnel&) = delete;
    Tunnel& operator=(const Tunnel&) = delete;

    // Until its end. `early_…`: bytes that came with the handshakes.
    // Errors: as of Stream::read_some, of the direction that failed.
    Task<> run(std::string early_client, std::string early_upstream);

    // Ends it: both sides get a Close frame, unless a frame of theirs is under way, and nothing
    // more. Without a code the client gets 1014 and the service 1001: the other end was lost.
    void end(std::optional<wire::CloseCode> code);

private:
    // One direction.
    struct Way {
        net::Stream& from;
        net::Stream& to;
        wire::WebSocketReader reader;  // at the end of it
        wire::CloseCode lost;          // sent to the reader when `from` is lost
        wire::WebSocketFrames frames;
        bool is_asked = false;  // a ping is to be sent
    };

    Task<> carry(Way* way, std::string early);
    Task<> carry_pieces(Way* way, std::string early);
    Task<> send(Way* way, std::string bytes);
    Task<> ask_while_quiet();
    void touch();

    Way down_;  // to the client
    Way up_;
    std::chrono::milliseconds idle_;
    std::uint64_t pieces_ = 0;  // in both directions
    bool is_ending_ = false;
    std::optional<wire::CloseCode> code_;
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Executor>
        quiet_;
};

}  // namespace merlon::gateway

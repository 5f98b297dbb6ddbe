// The server's side of one HTTP/1.1 connection: read a head, admit it, have it served, again.
#pragma once

#include <list>

#include "http/exchange.h"
#include "http/input_buffer.h"
#include "http/settings.h"

namespace merlon::http {

// What the connections of one worker share. Borrowed by each.
struct ConnectionContext {
    Handler& handler;
    net::Deadlines& deadlines;
    Timeouts timeouts;
    wire::HeadLimits head_limits;
    std::uint64_t body_bytes_max;
    bool draining = false;  // responses say Connection: close from now on
    std::string date;       // the Date field's value, renewed every second
};

// Resource of its coroutine, run(). The worker's server, which drains, calls close_if_idle() and
// close().
class Connection final {
public:
    Connection(ConnectionContext& context, net::Socket socket, Peer peer,
               std::unique_ptr<net::TlsSession> tls);

    // Serves until either side ends the connection. Its only error is that of the TLS handshake.
    Task<> run();

    // Draining: closes the connection when it waits for a request since at least `idle_ticks`.
    void close_if_idle(std::uint64_t idle_ticks);
    void close() { stream_.close(); }

private:
    friend class Http1Exchange;
    enum class Next : std::uint8_t { Request, Close };

    // The length of the next head in the input buffer. Errors: as of HeadScanner and Stream.
    Task<std::size_t> await_head();
    Task<Next> serve_one(std::size_t head_bytes);
    // Responds to a request that broke a rule before a handler could see it.
    Task<> refuse(Error error);
    // Closes so that the peer can read the last response (lingering close): closing with bytes of
    // the peer unread would make the kernel send a reset, which may discard the response.
    Task<> linger();

    ConnectionContext& context_;
    net::Stream stream_;
    Peer peer_;
    InputBuffer input_;
    wire::RequestHead head_;
    std::string output_;         // the head of the response; kept for its capacity
    int requests_in_a_row_ = 0;  // since other connections had their turn
    bool waiting_ = false;
    std::uint64_t waiting_since_tick_ = 0;
};

}  // namespace merlon::http

// The server's side of one HTTP/1.1 connection: read a head, admit it, have it served, again.
#pragma once

#include <list>

#include "http/connection_table.h"
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
    std::uint64_t upload_bytes_per_second;
    bool draining = false;  // responses say Connection: close from now on
    std::string date;       // the Date field's value, renewed every second
};

// Resource of its coroutine, run(). The server's table of connections calls close().
class Connection final : public ConnectionTable::Member {
public:
    Connection(ConnectionContext& context, net::Socket socket, Peer peer,
               std::unique_ptr<net::TlsSession> tls);

    // A request that was not whole may have brought a secret, too.
    ~Connection() override { input_.wipe_all(); }

    // Serves until either side ends the connection. Its only error is that of the TLS handshake.
    Task<> run();

    bool is_serving() const override { return is_serving_; }
    bool has_served() const override { return has_served_; }
    bool is_between_requests() const override { return is_between_requests_; }
    std::uint64_t waiting_since_tick() const override { return waiting_since_tick_; }
    void close() override { stream_.close(); }

private:
    friend class Http1Exchange;
    enum class Next : std::uint8_t { Request, Close };

    // The length of the next head in the input buffer. Errors: as of HeadScanner and Stream.
    Task<std::size_t> await_head();
    Task<Next> serve_one(std::size_t head_bytes);
    // Responds to a request that broke a rule before a handler could see it.
    Task<> refuse(const wire::RequestHead* head, Error error);
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
    bool is_between_requests_ = false;
    bool is_serving_ = false;
    bool has_served_ = false;
    std::uint64_t waiting_since_tick_;
};

}  // namespace merlon::http

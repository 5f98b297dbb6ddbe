// Accepts connections, and drains them at the end.
#include "http/server.h"

#include <fmt/chrono.h>

#include "base/spawn.h"
#include "net/counted_client.h"

namespace merlon::http {
namespace {

constexpr int subscriber_bits = 64;  // of an IPv6 address: one subscriber has all of the rest

// RFC 9110 section 5.6.7: Sun, 06 Nov 1994 08:49:37 GMT.
std::string http_date(WallTime now) {
    return fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}", fmt::gmtime(now));
}

std::string address_text(const net::Socket& socket) {
    boost::system::error_code error;
    const auto endpoint = socket.remote_endpoint(error);
    if (error) return "unknown";
    if (endpoint.protocol().family() == AF_UNIX) return std::string(unix_peer);
    asio::ip::tcp::endpoint tcp;
    std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
    tcp.resize(endpoint.size());
    const auto address = tcp.address();
    // An IPv4 client of a dual-stack listener is an IPv4 client.
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
    }
    return address.to_string();
}

}  // namespace

Server::Server(Executor executor, const Clock& clock, const ServerSettings& settings,
               Handler& handler, net::Deadlines& deadlines,
               std::shared_ptr<const net::TlsServerContext> tls,
               ConnectionTable::Limits connections_max)
    : executor_(executor),
      clock_(clock),
      context_{handler,
               deadlines,
               settings.timeouts,
               {settings.limits.header_bytes, settings.limits.target_bytes, settings.limits.fields},
               settings.limits.body_bytes,
               settings.limits.upload_rate,
               false,
               http_date(clock.wall())},
      tls_(std::move(tls)),
      connections_(connections_max),
      second_(executor) {
    tick();
}

Server::~Server() = default;

void Server::serve(net::Acceptor acceptor) {
    acceptors_.push_back(std::move(acceptor));
    spawn(executor_, accept_loop(&acceptors_.back()));
}

Task<> Server::accept_loop(net::Acceptor* acceptor) {
    while (acceptor->is_open()) {
        if (connections_.is_full()) {
            // No connection gives way before another one comes.
            co_await acceptor->async_wait(asio::socket_base::wait_read, as_result);
            if (!connections_.has_room(context_.deadlines.now_tick())) {
                // Each serves a request. The kernel's queue holds the rest until one ends.
                Tick pause(executor_, std::chrono::milliseconds{50});
                co_await pause.async_wait(as_result);
                continue;
            }
        }
        net::Socket socket(executor_);
        const auto [error] = co_await acceptor->async_accept(socket, as_result);
        if (!error) {
            admit(std::move(socket));
        } else if (error == asio::error::no_descriptors || error == asio::error::no_memory) {
            Tick pause(executor_, std::chrono::milliseconds{50});
            co_await pause.async_wait(as_result);
        }
    }
    co_return Result<>{};
}

void Server::admit(net::Socket socket) {
    Peer peer{address_text(socket), tls_ != nullptr};
    const bool is_shared = peer.address == unix_peer || context_.handler.is_shared(peer);
    std::string client =
        is_shared ? std::string() : net::counted_client(peer.address, subscriber_bits);
    if (!connections_.admits(client, context_.deadlines.now_tick())) {
        refused_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    spawn(executor_, serve_connection(std::move(socket), std::move(peer), std::move(client)));
}

Task<> Server::serve_connection(net::Socket socket, Peer peer, std::string client) {
    boost::system::error_code ignored;  // not for Unix sockets
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    // Keeps the certificates of this connection's handshake alive over a reload.
    const std::shared_ptr<const net::TlsServerContext> tls = tls_;
    Connection connection(context_, std::move(socket), std::move(peer),
                          tls ? tls->new_session() : nullptr);
    connections_.add(connection, std::move(client));
    count_.fetch_add(1, std::memory_order_relaxed);
    co_await connection.run();
    connections_.remove(connection);
    count_.fetch_sub(1, std::memory_order_relaxed);
    co_return Result<>{};
}

void Server::tick() {
    second_.expires_after(std::chrono::seconds{1});
    second_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        context_.date = http_date(clock_.wall());
        if (context_.draining) advance_drain();
        tick();
    });
}

void Server::drain(std::function<void()> drained) {
    if (context_.draining) return;
    context_.draining = true;
    drained_ = std::move(drained);
    context_.handler.drain();
    drain_end_ = clock_.steady() + context_.timeouts.drain;
    for (net::Acceptor& acceptor : acceptors_) {
        boost::system::error_code error;
        acceptor.non_blocking(true, error);  // else accept() waits for one more
        while (!error) {                     // serve those that have connected already
            net::Socket socket(executor_);
            acceptor.accept(socket, error);
            if (!error) admit(std::move(socket));
        }
        acceptor.close(error);
    }
    asio::post(executor_, [this] { advance_drain(); });
}

void Server::advance_drain() {
    const bool time_is_up = clock_.steady() >= drain_end_;
    const auto quiet_ticks =
        static_cast<std::uint64_t>(context_.timeouts.drain_quiet / net::Deadlines::tick_length);
    const std::uint64_t now_tick = context_.deadlines.now_tick();
    for (ConnectionTable::Member* connection : connections_.members()) {
        const bool is_quiet = connection->is_between_requests() &&
                              now_tick >= connection->waiting_since_tick() + quiet_ticks;
        if (time_is_up || is_quiet) connection->close();
    }
    if (connection_count() == 0 && drained_) std::exchange(drained_, nullptr)();
}

}  // namespace merlon::http

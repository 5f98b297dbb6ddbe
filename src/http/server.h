// The HTTP server of one worker: listeners, its connections, draining.
//
// Every worker has a listener of its own on the same TCP address (SO_REUSEPORT), so accepting needs
// no lock and the kernel spreads the connections.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "http/connection.h"
#include "http/connection_table.h"
#include "net/listen.h"
#include "net/tls.h"

namespace merlon::http {

// Resource of a worker; one thread. Destroyed only after its loop has stopped.
class Server final {
public:
    // `tls` null: in the clear. Borrows the clock, the handler and the deadlines, which its owner
    // starts.
    Server(Executor executor, const Clock& clock, const ServerSettings& settings, Handler& handler,
           net::Deadlines& deadlines, std::shared_ptr<const net::TlsServerContext> tls,
           ConnectionTable::Limits connections_max);
    ~Server();

    // Starts accepting on `acceptor`, which it owns from now on.
    void serve(net::Acceptor acceptor);
    // New connections use the new certificates; shared with the connections that began before.
    void replace_tls(std::shared_ptr<const net::TlsServerContext> tls) { tls_ = std::move(tls); }

    // Accepts the connections in the kernel's queue, then stops listening. From now on responses
    // carry Connection: close, an idle connection is closed after timeouts.drain_quiet, and every
    // other one after timeouts.drain. Calls `drained` when no connection is left.
    void drain(std::function<void()> drained);

    // From any thread.
    std::size_t connection_count() const { return count_.load(std::memory_order_relaxed); }
    // Connections closed at once because their client had its share, all of them in use.
    std::uint64_t refused_count() const { return refused_.load(std::memory_order_relaxed); }

private:
    using Tick = asio::basic_waitable_timer<std::chrono::steady_clock,
                                            asio::wait_traits<std::chrono::steady_clock>, Executor>;

    Task<> accept_loop(net::Acceptor* acceptor);
    // Serves the connection unless its client has its share.
    void admit(net::Socket socket);
    Task<> serve_connection(net::Socket socket, Peer peer, std::string client);
    void tick();
    void advance_drain();

    Executor executor_;
    const Clock& clock_;
    ConnectionContext context_;
    std::shared_ptr<const net::TlsServerContext> tls_;
    std::list<net::Acceptor> acceptors_;
    ConnectionTable connections_;        // owned by their coroutines
    std::atomic<std::size_t> count_{0};  // of connections_, for other threads
    std::atomic<std::uint64_t> refused_{0};
    Tick second_;
    std::function<void()> drained_;
    SteadyTime drain_end_;
};

}  // namespace merlon::http

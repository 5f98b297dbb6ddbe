// The client by which one role calls another in other processes: POST /internal/v1/METHOD over
// mutual TLS.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <memory>
#include <string>
#include <thread>

#include "net/every_second.h"
#include "rpc/identities.h"
#include "rpc/method.h"
#include "upstream/upstream.h"

namespace merlon::rpc {

// The thread and loop that all port clients of a process share. Resource; outlives them.
class ClientLoop final {
public:
    ClientLoop() = default;
    ~ClientLoop();
    ClientLoop(const ClientLoop&) = delete;
    ClientLoop& operator=(const ClientLoop&) = delete;

    Executor executor() { return loop_.get_executor(); }
    net::Deadlines& deadlines() { return deadlines_; }
    // Once, when all clients are made.
    void start();
    // After this nothing runs on it any more. Calling it twice is fine.
    void stop();

private:
    asio::io_context loop_{1};
    asio::executor_work_guard<Executor> kept_running_{loop_.get_executor()};
    net::Deadlines deadlines_{loop_.get_executor()};
    std::thread thread_;
};

// What the clients of a process use. Borrowed for life.
struct ClientEnvironment {
    const Clock& clock;
    dns::Resolver& resolver;
    Entropy& entropy;
    metrics::Registry& metrics;
};

// Resource; call() is safe from every thread, and returns on the caller's loop. The loop
// stops before this is destroyed.
class Client final {
public:
    Client(ClientLoop& loop, const std::string& role, Addresses addresses,
           const ClientEnvironment& environment);
    ~Client();

    // Further calls use these addresses and certificates. Calls in progress keep the old ones.
    void replace(Addresses addresses);

    // Errors: those that the method declares, shared_rules(), "port.failed" for any other error of
    // the method, and "upstream.…" when the role could not be reached or its response not read.
    Task<Message> call(const Method& method, const Message& members);

private:
    std::shared_ptr<upstream::Upstream> make_upstream(Addresses addresses);

    ClientLoop& loop_;
    const std::string name_;
    ClientEnvironment environment_;
    metrics::Counter& answered_;
    metrics::Counter& failed_;
    // Shared with the calls under way, which a stopped loop destroys late. Its thread's alone.
    std::shared_ptr<upstream::Upstream> upstream_;
    net::EverySecond every_second_;
};

}  // namespace merlon::rpc

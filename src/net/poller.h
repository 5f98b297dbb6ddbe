// Which sockets of a loop can be read or written.
//
// Asio's own sockets try every read before they wait, so each wait costs a system call that says
// "not yet". Here the kernel tells once when something changed (edge-triggered epoll), and a read
// that came back short is known to have taken all there was: nothing is asked twice. Asio's loop
// watches our epoll as one descriptor, so timers and posts keep working beside it.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <coroutine>

#include "base/link.h"
#include "base/task.h"

namespace merlon::net {

class Poller;

// Told that the peer has ended its side of a connection, or that this broke, while nobody waits to
// read: who does finds out by reading. May close sockets.
class PeerWatch {
public:
    virtual void peer_ended() = 0;

protected:
    ~PeerWatch() = default;
};

// One socket, watched from construction to close(). Resource; owns the descriptor; one thread, the
// loop's. At most one coroutine waits to read and one to write.
class PolledSocket final : private Link {
public:
    // `socket` is open and non-blocking.
    PolledSocket(Executor executor, int socket);
    ~PolledSocket();
    PolledSocket(const PolledSocket&) = delete;
    PolledSocket& operator=(const PolledSocket&) = delete;

    // -1 after close().
    int native() const { return socket_; }
    Executor executor() const { return executor_; }
    void close();

    // Whether reading may give something: bytes, the end, an error. True until a read says that
    // there is nothing more.
    bool may_read() const { return may_read_; }
    // A read gave less than it had room for: there was no more, and an event will tell of what
    // comes. Not so after the peer's end, which is one more thing to read, nor near urgent bytes,
    // before which every read stops.
    void came_short() { may_read_ = reads_until_empty_; }
    // A read gave nothing: an event will tell of whatever comes.
    void came_empty() { may_read_ = reads_until_empty_ = false; }
    // A write found the kernel's buffer full.
    void filled() { may_write_ = false; }

    // Suspends until may_read(), or woken.
    auto readable() { return Wait{may_read_, reader_}; }
    auto writable() { return Wait{may_write_, writer_}; }
    bool is_read_awaited() const { return reader_ != nullptr; }

    // Null: nobody. The watch lives until then, or until the socket goes.
    void watch_peer(PeerWatch* watch) { watch_ = watch; }
    // The peer sends no more: its end of stream has come, perhaps behind bytes that are not read.
    bool has_peer_ended() const { return has_peer_ended_; }
    // Nothing gets through any more, in either direction.
    bool is_broken() const { return is_broken_; }

    // Suspends until the loop's next turn, so that others have theirs.
    auto next_turn() { return NextTurn{*this}; }

    // Makes whoever waits go on and look again, at the loop's next turn: never inside this call.
    void wake();

private:
    friend class Poller;
    struct Wait {
        const bool& ready;
        std::coroutine_handle<>& place;
        bool await_ready() const noexcept { return ready; }
        void await_suspend(std::coroutine_handle<> awaiting) noexcept { place = awaiting; }
        void await_resume() const noexcept {}
    };

    struct NextTurn {
        PolledSocket& socket;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> awaiting) noexcept {
            socket.reader_ = awaiting;
            socket.wake();
        }
        void await_resume() const noexcept {}
    };

    Executor executor_;
    Poller& poller_;
    int socket_;
    bool may_read_ = true;
    bool may_write_ = true;
    bool reads_until_empty_ = false;  // see came_short()
    bool has_peer_ended_ = false;
    bool is_broken_ = false;
    PeerWatch* watch_ = nullptr;
    std::coroutine_handle<> reader_;
    std::coroutine_handle<> writer_;
};

// One for each loop; Asio makes it at first use and destroys it with the loop.
class Poller final : public asio::execution_context::service {
public:
    inline static asio::execution_context::id id;

    explicit Poller(asio::execution_context& loop);
    ~Poller() override;

private:
    friend class PolledSocket;
    static constexpr int batch_max = 64;

    void shutdown() override;
    // False when the kernel does not take it.
    bool add(PolledSocket& socket);
    void forget(PolledSocket& socket);
    void wake(PolledSocket& socket);
    void wait();
    // What has happened since the last turn.
    void dispatch();
    void happened(epoll_event& event);
    void resume_woken();

    int epoll_;
    asio::posix::basic_stream_descriptor<Executor> watched_;
    // Events at hand; a socket that goes meanwhile takes its own out.
    std::array<epoll_event, batch_max> batch_;
    int batch_count_ = 0;
    Link woken_;                        // sockets, until the next turn
    PolledSocket* resuming_ = nullptr;  // woken, at hand; null when it went meanwhile
};

}  // namespace merlon::net

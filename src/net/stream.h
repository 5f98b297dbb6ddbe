// One connection's bytes, in the clear or under TLS, over TCP or a Unix socket.
//
// Reads and writes are plain system calls, made at once; they wait only when the kernel says that
// nothing has come or its buffer is full. An operation that need not wait costs no coroutine.
//
// Used by one thread only. At most one read and one write at a time; both may wait at once, also
// under TLS. A deadline makes the pending operation fail with stream_timeout_rule, and every later
// one until the next deadline is set; close() makes it fail with stream_closed_rule.
#pragma once

#include <sys/uio.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <memory>
#include <span>
#include <string_view>

#include "base/task.h"
#include "net/deadlines.h"
#include "net/poller.h"

namespace merlon::net {

class TlsSession;
struct PeerIdentity;

using Socket = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;

// Pieces of text sent as one: what a gathered write takes. Borrows the pieces.
class Gather {
public:
    static constexpr std::size_t pieces_max = 8;

    void add(std::string_view piece);
    bool empty() const { return first_ == count_; }
    std::span<const iovec> pieces() const { return {pieces_.data() + first_, count_ - first_}; }
    // Takes `bytes` off the front: they have been sent.
    void consume(std::size_t bytes);

private:
    std::array<iovec, pieces_max> pieces_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
};

// What Stream's functions fail with.
inline constexpr std::string_view stream_end_rule = "stream.end";
inline constexpr std::string_view stream_reset_rule = "stream.reset";
inline constexpr std::string_view stream_timeout_rule = "stream.timeout";
inline constexpr std::string_view stream_closed_rule = "stream.closed";

// Whether a stream failed: it ended, was reset or closed, or its deadline passed.
inline bool is_stream_failure(const Error& error) { return breaks_rule(error, "stream."); }

class Stream final : private Deadlines::Entry {
public:
    // In the clear when `tls` is null. `socket` is connected; its descriptor is taken out of it.
    Stream(Socket socket, Deadlines& deadlines, std::unique_ptr<TlsSession> tls);
    ~Stream() override;

    // TLS handshake, as the side the session was made for; nothing to do in the clear.
    // Errors: "tls.handshake" (Invalid), and those of read_some.
    Task<> handshake();

    // At least one byte into `buffer`, which stays valid until then.
    // Errors, all Unavailable: stream_end_rule (the peer has finished and, under TLS, said so),
    // stream_reset_rule, stream_timeout_rule, stream_closed_rule.
    Task<std::size_t> read_some(std::span<char> buffer);

    // All of it. Errors as of read_some.
    Task<> write(Gather gather);

    // From now until the next call, waiting longer than `delay` in all fails.
    void set_deadline(std::chrono::milliseconds delay);
    void clear_deadline();

    // Says that no more bytes follow (TLS close_notify, FIN). Reading goes on.
    void finish_writing();
    // Ends everything at once. Pending operations fail with "stream.closed".
    void close();
    // Makes a pending read fail with "stream.closed" and leaves the connection open.
    void cancel_read();

    // Suspends until the loop's next turn, so that others have theirs. A read, to those who end
    // one.
    auto next_turn() { return socket_.next_turn(); }

    // Of what write() was given, what the kernel has taken; under TLS, of its records.
    std::uint64_t bytes_sent() const { return bytes_sent_; }
    bool is_open() const { return socket_.native() >= 0; }
    Executor executor() const { return socket_.executor(); }
    bool is_tls() const { return tls_ != nullptr; }
    // Whether the peer has closed, or sent something, although nothing is awaited of it.
    bool has_unexpected_input();
    // Nothing gets through any more.
    bool is_broken() const { return !is_open() || socket_.is_broken(); }
    // Whether the peer is gone: the connection broke, or the peer sends no more and all that it
    // sent has been read. Only while nobody reads.
    bool has_peer_left();
    // From now on a peer that went without a word is found out within two minutes, also while
    // nothing is sent to it. For connections that may be quiet for long.
    void find_out_dead_peer();
    // As of PolledSocket: whether that may have become true.
    void watch_peer(PeerWatch* watch) { socket_.watch_peer(watch); }
    // The name the client asked for by SNI; empty without.
    std::string_view server_name() const;
    // After the handshake of mutual TLS; else null.
    std::shared_ptr<const PeerIdentity> peer_identity() const;

private:
    void expired() override;
    Error failure(std::string_view rule, int error = 0) const;
    // What has come of the socket's bytes and of what TLS makes of them; 0: nothing yet, or others
    // have their turn first.
    Result<std::size_t> receive(std::span<char> buffer);
    Result<std::size_t> decrypt(std::span<char> buffer);
    bool has_unread_tls();
    // Reads that found their bytes at hand before others have their turn: a fast sender must not
    // keep the loop to itself.
    static constexpr int reads_in_a_row_max = 8;
    bool is_others_turn() const { return reads_in_a_row_ >= reads_in_a_row_max; }
    using Take = Result<std::size_t> (Stream::*)(std::span<char> buffer);
    // Suspends until there is something to take.
    Task<std::size_t> await_and_take(Take take, std::span<char> buffer);
    // Sends what TLS has to say.
    Task<> flush_tls();
    Task<> flush_tls_rest(std::size_t sent);
    // What TLS answers on its own while we read (to a KeyUpdate), as far as it goes without
    // waiting: a writer of ours may be waiting already.
    Result<> send_tls_replies();
    // What the kernel takes now; less than all: its buffer is full.
    Result<std::size_t> send_some(std::span<const iovec> pieces);
    Task<> write_rest(Gather gather);
    Task<> write_tls(Gather gather);
    Task<> write_tls_parts(Gather gather);

    PolledSocket socket_;
    Deadlines& deadlines_;
    std::unique_ptr<TlsSession> tls_;
    bool timed_out_ = false;
    bool input_ended_ = false;
    bool read_cancelled_ = false;
    bool flushing_ = false;   // flush_tls() is under way
    int reads_in_a_row_ = 0;  // of the socket, without waiting
    std::uint64_t bytes_sent_ = 0;
};

}  // namespace merlon::net

// Reading and writing sockets; TLS is in stream_tls.cc.
#include "net/stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "net/tls.h"

namespace merlon::net {

void Gather::add(std::string_view piece) {
    if (piece.empty()) return;
    MERLON_ASSERT(count_ < pieces_max);
    pieces_[count_++] = iovec{const_cast<char*>(piece.data()), piece.size()};
}

void Gather::consume(std::size_t bytes) {
    while (bytes > 0) {
        iovec& piece = pieces_[first_];
        if (bytes < piece.iov_len) {
            piece.iov_base = static_cast<char*>(piece.iov_base) + bytes;
            piece.iov_len -= bytes;
            return;
        }
        bytes -= piece.iov_len;
        ++first_;
    }
}

namespace {

// Asio accepts and connects; from here on the socket is ours alone.
int take_descriptor(Socket& socket) {
    boost::system::error_code ignored;  // a socket that is broken already: the first read says so
    socket.native_non_blocking(true, ignored);
    return socket.is_open() ? socket.release(ignored) : -1;
}

}  // namespace

Stream::Stream(Socket socket, Deadlines& deadlines, std::unique_ptr<TlsSession> tls)
    : socket_(socket.get_executor(), take_descriptor(socket)),
      deadlines_(deadlines),
      tls_(std::move(tls)) {}

Stream::~Stream() = default;

void Stream::set_deadline(std::chrono::milliseconds delay) {
    timed_out_ = false;
    deadlines_.set(*this, delay);
}

void Stream::clear_deadline() {
    timed_out_ = false;
    deadlines_.clear(*this);
}

void Stream::expired() {
    timed_out_ = true;
    socket_.wake();
}

void Stream::cancel_read() {
    if (!socket_.is_read_awaited()) return;
    read_cancelled_ = true;
    socket_.wake();
}

void Stream::close() { socket_.close(); }

void Stream::finish_writing() {
    if (tls_) {
        tls_->shut_down();
        // Best effort: a full kernel buffer loses the close_notify, which the FIN then stands for.
        ::send(socket_.native(), tls_->output().data(), tls_->output().size(),
               MSG_NOSIGNAL | MSG_DONTWAIT);
        tls_->output().clear();
    }
    ::shutdown(socket_.native(), SHUT_WR);
}

bool Stream::has_unexpected_input() {
    if (tls_ && tls_->has_buffered_input()) return true;
    if (!socket_.may_read()) return false;
    char byte;
    const ssize_t got = ::recv(socket_.native(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return true;
    socket_.came_empty();
    return false;
}

// Who closes ends its side as one does who only sends no more. Who has sent more than was read, a
// pipelined request, waits for its response.
bool Stream::has_peer_left() {
    if (is_broken()) return true;
    if (!socket_.has_peer_ended()) return false;
    if (tls_) return !has_unread_tls();
    char byte;
    return ::recv(socket_.native(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

void Stream::find_out_dead_peer() {
    const auto set = [this](int level, int option, int value) {
        ::setsockopt(socket_.native(), level, option, &value,
                     sizeof(value));  // not of Unix sockets
    };
    constexpr int quiet_s = 60;
    constexpr int between_probes_s = 15;
    constexpr int probes = 4;
    constexpr int unacknowledged_ms = 120'000;
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, quiet_s);
    set(IPPROTO_TCP, TCP_KEEPINTVL, between_probes_s);
    set(IPPROTO_TCP, TCP_KEEPCNT, probes);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, unacknowledged_ms);
}

std::string_view Stream::server_name() const {
    return tls_ ? tls_->server_name() : std::string_view();
}

std::shared_ptr<const PeerIdentity> Stream::peer_identity() const {
    return tls_ ? tls_->peer() : nullptr;
}

Error Stream::failure(std::string_view rule, int error) const {
    if (timed_out_) rule = stream_timeout_rule;
    return {Kind::Unavailable, rule, error != 0 ? std::strerror(error) : "", {}};
}

Task<std::size_t> Stream::read_some(std::span<char> buffer) {
    const Take take = tls_ ? &Stream::decrypt : &Stream::receive;
    if (!is_others_turn()) {
        Result<std::size_t> got = (this->*take)(buffer);
        if (!got || *got > 0) return got;
    }
    return await_and_take(take, buffer);
}

Result<std::size_t> Stream::receive(std::span<char> buffer) {
    if (timed_out_) return std::unexpected(failure(stream_timeout_rule));
    if (!is_open()) return std::unexpected(failure(stream_closed_rule));
    if (input_ended_) return std::unexpected(failure(stream_end_rule));
    while (socket_.may_read()) {
        const ssize_t got = ::recv(socket_.native(), buffer.data(), buffer.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
            return std::unexpected(failure(stream_reset_rule, errno));
        }
        input_ended_ = got == 0;
        if (input_ended_) return std::unexpected(failure(stream_end_rule));
        if (got < 0) {
            socket_.came_empty();
            return 0;
        }
        const auto bytes = static_cast<std::size_t>(got);
        if (bytes < buffer.size()) socket_.came_short();
        ++reads_in_a_row_;
        return bytes;
    }
    return 0;
}

Task<std::size_t> Stream::await_and_take(Take take, std::span<char> buffer) {
    read_cancelled_ = false;
    while (true) {
        if (is_others_turn()) co_await socket_.next_turn();
        reads_in_a_row_ = 0;
        // Looked at before every wait: what ends it may have come during the turn of others.
        if (read_cancelled_) co_return std::unexpected(failure(stream_closed_rule));
        const std::size_t bytes = MERLON_CO_TRY((this->*take)(buffer));
        if (bytes > 0) co_return bytes;
        if (!is_others_turn()) co_await socket_.readable();
    }
}

Result<std::size_t> Stream::send_some(std::span<const iovec> pieces) {
    if (timed_out_) return std::unexpected(failure(stream_timeout_rule));
    if (!is_open()) return std::unexpected(failure(stream_closed_rule));
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    while (true) {
        // One piece is the common case, and cheaper this way.
        const ssize_t sent =
            pieces.size() == 1
                ? ::send(socket_.native(), pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL)
                : ::sendmsg(socket_.native(), &message, MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes_sent_ += static_cast<std::size_t>(sent);
            return static_cast<std::size_t>(sent);
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            socket_.filled();
            return 0;
        }
        if (errno != EINTR) return std::unexpected(failure(stream_reset_rule, errno));
    }
}

Task<> Stream::write(Gather gather) {
    if (tls_) return write_tls(std::move(gather));
    if (gather.empty()) return Result<>{};
    const Result<std::size_t> sent = send_some(gather.pieces());
    if (!sent) return std::unexpected(sent.error());
    gather.consume(*sent);
    if (gather.empty()) return Result<>{};
    return write_rest(std::move(gather));
}

Task<> Stream::write_rest(Gather gather) {
    while (!gather.empty()) {
        co_await socket_.writable();
        gather.consume(MERLON_CO_TRY(send_some(gather.pieces())));
    }
    co_return Result<>{};
}

}  // namespace merlon::net

// Reading and writing sockets; TLS is in stream_tls.cc.
#include "http/stream.h"

#include <sys/socket.h>

#include <cerrno>

#include "http/tls.h"

namespace merlon::http {

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

Stream::Stream(Socket socket, Deadlines& deadlines, std::unique_ptr<TlsSession> tls)
    : socket_(std::move(socket)), deadlines_(deadlines), tls_(std::move(tls)) {
    boost::system::error_code ignored;  // a socket that cannot is closed already: the read says so
    socket_.native_non_blocking(true, ignored);
}

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
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

void Stream::cancel_read() {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

void Stream::close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
}

void Stream::finish_writing() {
    if (tls_) {
        tls_->shut_down();
        // Best effort: a full kernel buffer loses the close_notify, which the FIN then stands for.
        ::send(socket_.native_handle(), tls_->output().data(), tls_->output().size(),
               MSG_NOSIGNAL | MSG_DONTWAIT);
        tls_->output().clear();
    }
    boost::system::error_code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
}

bool Stream::has_unexpected_input() {
    if (tls_ && tls_->has_buffered_input()) return true;
    char byte;
    const ssize_t got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

std::string_view Stream::server_name() const {
    return tls_ ? tls_->server_name() : std::string_view();
}

Error Stream::failure(const boost::system::error_code& error) const {
    if (timed_out_) return {Kind::Unavailable, "stream.timeout", {}, {}};
    if (error == asio::error::eof) return {Kind::Unavailable, "stream.end", {}, {}};
    if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) {
        return {Kind::Unavailable, "stream.closed", {}, {}};
    }
    return {Kind::Unavailable, "stream.reset", error.message(), {}};
}

Task<std::size_t> Stream::read_some(std::span<char> buffer) {
    return tls_ ? read_tls(buffer) : read_socket(buffer);
}

Task<> Stream::write(Gather gather) {
    return tls_ ? write_tls(std::move(gather)) : write_socket(std::move(gather));
}

Task<std::size_t> Stream::read_socket(std::span<char> buffer) {
    if (timed_out_) co_return std::unexpected(failure({}));
    // The end is said once: Asio would wait for another event of the kernel, which never comes.
    if (input_ended_) co_return std::unexpected(failure(asio::error::eof));
    const auto [error, bytes] =
        co_await socket_.async_read_some(asio::buffer(buffer.data(), buffer.size()), as_result);
    input_ended_ = error == asio::error::eof;
    if (error) co_return std::unexpected(failure(error));
    co_return bytes;
}

// What the kernel takes now; 0 when its buffer is full.
Result<std::size_t> Stream::send_some(std::span<const iovec> pieces) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    while (true) {
        const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes_sent_ += static_cast<std::size_t>(sent);
            return static_cast<std::size_t>(sent);
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
        if (errno != EINTR) {
            return std::unexpected(failure({errno, boost::system::system_category()}));
        }
    }
}

Task<> Stream::write_socket(Gather gather) {
    while (!gather.empty()) {
        if (timed_out_) co_return std::unexpected(failure({}));
        const std::size_t sent = MERLON_CO_TRY(send_some(gather.pieces()));
        gather.consume(sent);
        if (sent > 0) continue;
        const auto [error] = co_await socket_.async_wait(Socket::wait_write, as_result);
        if (error) co_return std::unexpected(failure(error));
    }
    co_return Result<>{};
}

}  // namespace merlon::http

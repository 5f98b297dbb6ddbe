// The loop's part: events in, coroutines out.
#include "http/poller.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace merlon::http {

PolledSocket::PolledSocket(Executor executor, int socket)
    : executor_(executor), poller_(asio::use_service<Poller>(executor.context())), socket_(socket) {
    if (socket_ >= 0) poller_.add(*this);
}

PolledSocket::~PolledSocket() {
    close();
    poller_.forget(*this);
}

void PolledSocket::close() {
    if (socket_ < 0) return;
    ::close(std::exchange(socket_, -1));
    poller_.forget(*this);
    may_read_ = may_write_ = true;  // to find out that it is closed
    if (reader_ || writer_) wake();
}

void PolledSocket::wake() { poller_.wake(*this); }

Poller::Poller(asio::execution_context& loop)
    : service(loop),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      watched_(static_cast<asio::io_context&>(loop).get_executor(), epoll_) {
    MERLON_ASSERT(epoll_ >= 0);
    wait();
}

Poller::~Poller() = default;

void Poller::shutdown() {
    boost::system::error_code ignored;
    watched_.close(ignored);
}

void Poller::add(PolledSocket& socket) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &socket;
    // Fails for a socket that is broken already, whose first read says so.
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket.socket_, &event);
}

// Closing a socket takes it out of the kernel's set; here are the events it has sent before.
void Poller::forget(PolledSocket& socket) {
    for (int i = 0; i < batch_count_; ++i) {
        if (batch_[i].data.ptr == &socket) batch_[i].data.ptr = nullptr;
    }
    if (resuming_ == &socket) resuming_ = nullptr;
    if (!socket.is_woken_) return;
    socket.is_woken_ = false;
    std::ranges::replace(woken_, &socket, nullptr);
}

void Poller::wake(PolledSocket& socket) {
    if (std::exchange(socket.is_woken_, true)) return;
    woken_.push_back(&socket);
    if (woken_.size() == 1) asio::post(watched_.get_executor(), [this] { resume_woken(); });
}

void Poller::wait() {
    watched_.async_wait(asio::posix::descriptor_base::wait_read,
                        [this](const boost::system::error_code& error) {
                            if (error) return;  // closed with the loop
                            dispatch();
                            wait();
                        });
}

void Poller::dispatch() {
    batch_count_ = std::max(0, ::epoll_wait(epoll_, batch_.data(), batch_max, 0));
    for (int i = 0; i < batch_count_; ++i) happened(batch_[i]);
    batch_count_ = 0;
}

void Poller::happened(epoll_event& event) {
    auto* socket = static_cast<PolledSocket*>(event.data.ptr);
    if (socket == nullptr) return;
    constexpr std::uint32_t broken = EPOLLHUP | EPOLLERR;
    if ((event.events & (EPOLLRDHUP | broken)) != 0) socket->has_ended_ = true;
    if ((event.events & (EPOLLIN | EPOLLRDHUP | broken)) != 0) {
        socket->may_read_ = true;
        if (socket->reader_) std::exchange(socket->reader_, nullptr).resume();
    }
    // Who was resumed may have destroyed the socket, or closed it.
    if (event.data.ptr == nullptr || (event.events & (EPOLLOUT | broken)) == 0) return;
    socket->may_write_ = true;
    if (socket->writer_) std::exchange(socket->writer_, nullptr).resume();
}

void Poller::resume_woken() {
    // By index: who is resumed may wake others, whose turn is this one too.
    for (std::size_t i = 0; i < woken_.size(); ++i) {
        resuming_ = woken_[i];
        if (resuming_ == nullptr) continue;
        resuming_->is_woken_ = false;
        if (resuming_->reader_) std::exchange(resuming_->reader_, nullptr).resume();
        // Who was resumed may have destroyed the socket.
        if (resuming_ != nullptr && resuming_->writer_) {
            std::exchange(resuming_->writer_, nullptr).resume();
        }
    }
    resuming_ = nullptr;
    woken_.clear();
}

}  // namespace merlon::http

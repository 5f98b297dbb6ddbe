// Takes epoll's events on the loop and resumes the coroutines that wait for them.
#include "net/poller.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace merlon::net {

PolledSocket::PolledSocket(Executor executor, int socket)
    : executor_(executor), poller_(asio::use_service<Poller>(executor.context())), socket_(socket) {
    // A socket that nobody would hear of is none.
    if (socket_ >= 0 && !poller_.add(*this)) close();
}

PolledSocket::~PolledSocket() {
    if (socket_ >= 0) ::close(socket_);
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

bool Poller::add(PolledSocket& socket) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;
    event.data.ptr = &socket;
    return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket.socket_, &event) == 0;
}

// Closing a socket takes it out of the kernel's set; here are the events it has sent before.
void Poller::forget(PolledSocket& socket) {
    for (int i = 0; i < batch_count_; ++i) {
        if (batch_[i].data.ptr == &socket) batch_[i].data.ptr = nullptr;
    }
    if (resuming_ == &socket) resuming_ = nullptr;
    socket.unlink();
}

void Poller::wake(PolledSocket& socket) {
    if (socket.is_linked()) return;
    if (!woken_.is_linked()) asio::post(watched_.get_executor(), [this] { resume_woken(); });
    socket.enter(woken_);
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
    constexpr std::uint32_t unsure = EPOLLRDHUP | EPOLLPRI | broken;
    if ((event.events & unsure) != 0) socket->reads_until_empty_ = true;
    if ((event.events & broken) != 0) socket->is_broken_ = true;
    if ((event.events & (EPOLLRDHUP | broken)) != 0) socket->has_peer_ended_ = true;
    if ((event.events & (EPOLLIN | unsure)) != 0) {
        socket->may_read_ = true;
        if (socket->reader_) {
            std::exchange(socket->reader_, nullptr).resume();
        } else if (socket->has_peer_ended_ && socket->watch_ != nullptr) {
            socket->watch_->peer_ended();
        }
    }
    // Who was resumed may have destroyed the socket, or closed it.
    if (event.data.ptr == nullptr || (event.events & (EPOLLOUT | broken)) == 0) return;
    socket->may_write_ = true;
    if (socket->writer_) std::exchange(socket->writer_, nullptr).resume();
}

void Poller::resume_woken() {
    // Who is woken from here on has the next turn: others have theirs before.
    Link turn;
    turn.take_all(woken_);
    while (turn.is_linked()) {
        resuming_ = &static_cast<PolledSocket&>(turn.first());
        resuming_->unlink();
        if (resuming_->reader_) std::exchange(resuming_->reader_, nullptr).resume();
        // Who was resumed may have destroyed the socket, or closed it, which wakes the other.
        if (resuming_ != nullptr && resuming_->writer_) {
            std::exchange(resuming_->writer_, nullptr).resume();
        }
    }
    resuming_ = nullptr;
}

}  // namespace merlon::net

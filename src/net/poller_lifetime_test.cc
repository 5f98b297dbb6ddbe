// The poller: what a resumed coroutine may do to the socket that it waited for.
#include "net/poller.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "base/spawn.h"

namespace merlon::net {
namespace {

// A socket in memory that tells when somebody looks at what was destroyed: all ones.
struct Place {
    alignas(PolledSocket) char bytes[sizeof(PolledSocket)];
    PolledSocket* socket = nullptr;

    void destroy() {
        std::destroy_at(socket);
        socket = nullptr;
        std::memset(bytes, 0xff, sizeof(bytes));
    }
};

class PolledSockets : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_), 0);
        place_.socket = new (place_.bytes) PolledSocket(loop_.get_executor(), ends_[0]);
        place_.socket->came_empty();
    }
    void TearDown() override { ::close(ends_[1]); }

    asio::io_context loop_;
    int ends_[2];
    Place place_;
};

Task<> wait_and_destroy(Place* place) {
    co_await place->socket->readable();
    place->destroy();
    co_return Result<>{};
}

TEST_F(PolledSockets, MayBeDestroyedByTheReaderThatWasWoken) {  // a deadline that expired
    spawn(loop_.get_executor(), wait_and_destroy(&place_));
    place_.socket->wake();
    loop_.poll();
    EXPECT_EQ(place_.socket, nullptr);
}

TEST_F(PolledSockets, MayBeDestroyedByTheReaderOfAnEvent) {
    spawn(loop_.get_executor(), wait_and_destroy(&place_));
    ASSERT_EQ(::write(ends_[1], "x", 1), 1);
    loop_.poll();
    EXPECT_EQ(place_.socket, nullptr);
}

TEST_F(PolledSockets, MayBeClosedAndDestroyedBeforeTheirTurn) {
    place_.socket->wake();
    place_.destroy();
    loop_.poll();
    EXPECT_EQ(place_.socket, nullptr);
}

}  // namespace
}  // namespace merlon::net

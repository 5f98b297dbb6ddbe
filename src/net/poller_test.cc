// The poller: turns are shared, whoever goes is not touched again, and nothing is left behind.
#include "net/poller.h"

#include <dirent.h>

#include <fstream>

#include "base/text.h"
#include "net/stream_test_kit.h"

namespace merlon::net {
namespace {

using namespace std::chrono_literals;
using namespace testing;

class PollerTest : public StreamTest {};

// Reads one piece, then closes or destroys another stream that has something to read, too.
enum class Harm : std::uint8_t { Close, Destroy };
Task<> harm_after_a_piece(Stream* stream, std::unique_ptr<Stream>* other, Harm harm) {
    std::string buffer(100, '\0');
    MERLON_CO_TRY(co_await stream->read_some(buffer));
    if (harm == Harm::Close) (*other)->close();
    if (harm == Harm::Destroy) other->reset();
    co_return Result<>{};
}

TEST_F(PollerTest, WhatGoesWhileEventsAreAtHandIsNotTouchedAgain) {
    for (const Harm harm : {Harm::Close, Harm::Destroy}) {
        auto [first, first_peer] = link();
        auto [second, second_peer] = link();
        auto harmed = start(harm_after_a_piece(first.get(), &second, harm));
        std::future<Result<Heard>> heard;
        if (harm == Harm::Close) heard = start(listen_to(second.get(), 100));
        settle();
        std::promise<void> ready;
        std::promise<void> go;
        asio::post(thread.executor(), [&] {  // so that both events come at one turn
            ready.set_value();
            go.get_future().wait();
        });
        ready.get_future().wait();
        first_peer.send("x");
        second_peer.send("y");
        std::this_thread::sleep_for(10ms);
        go.set_value();
        EXPECT_TRUE(result_of(std::move(harmed)));
        if (harm == Harm::Close) {
            const Heard got = result_of(std::move(heard)).value();
            EXPECT_EQ(got.end, "stream.closed");
        }
        destroy(first);
        destroy(second);
    }
}

// Counts its reads of 16 bytes; at the 20th, `quiet` says something to somebody else.
Task<> read_fast(Stream* stream, int* reads, Wire* quiet) {
    std::array<char, 16> buffer;
    while (co_await stream->read_some(buffer)) {
        if (++*reads == 20) quiet->send("x");
    }
    co_return Result<>{};
}

TEST_F(PollerTest, AFastSenderDoesNotStarveAnotherConnection) {
    auto [fast, fast_peer] = link();
    auto [quiet, quiet_peer] = link();
    fast_peer.send(std::string(100'000, 'x'));
    fast_peer.finish_writing();
    int reads = 0;
    std::promise<int> heard;
    spawn(thread.executor(), listen_to(quiet.get(), 100, 1),
          [&](Result<Heard>) { heard.set_value(reads); });
    settle();
    auto all = start(read_fast(fast.get(), &reads, &quiet_peer));
    EXPECT_LT(heard.get_future().get(), 200);
    EXPECT_TRUE(result_of(std::move(all)));
    EXPECT_EQ(reads, 100'000 / 16);
    destroy(fast);
    destroy(quiet);
}

TEST_F(PollerTest, MoreSocketsThanOneBatchOfEventsAreAllHeard) {
    std::vector<Link> links;
    std::vector<std::future<Result<Heard>>> heard;
    for (int i = 0; i < 300; ++i) {
        links.push_back(link());
        heard.push_back(start(listen_to(links.back().stream.get(), 100)));
    }
    settle();
    std::promise<void> go;
    asio::post(thread.executor(), [&] { go.get_future().wait(); });
    for (Link& one : links) send_with_end(one.peer, "x");
    go.set_value();
    for (auto& one : heard) EXPECT_EQ(result_of(std::move(one)).value().text, "x");
    for (Link& one : links) destroy(one.stream);
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    DIR* directory = ::opendir("/proc/self/fd");
    while (::readdir(directory) != nullptr) ++count;
    ::closedir(directory);
    return count;
}

TEST_F(PollerTest, TenThousandStreamsLeaveNoDescriptorOpen) {
    auto first = link();  // what is made once is made now
    destroy(first.stream);
    first.peer.close();
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 10'000; ++i) {
        int ends[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        Wire peer(ends[1]);
        std::promise<std::string> end;
        thread.run([&] {
            spawn(thread.executor(), own(stream_of(ends[0]), 10s),
                  [&](Result<std::string> got) { end.set_value(*std::move(got)); });
        });
        if (i % 2 == 0) peer.send("x");
        peer.close();
        ASSERT_NE(end.get_future().get(), "stream.timeout");
    }
    settle();
    EXPECT_EQ(open_descriptors(), before);
}

std::size_t resident_kib() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (!line.starts_with("VmRSS:")) continue;
        std::string_view number = text::trim(std::string_view(line).substr(6));
        return text::parse_number<std::size_t>(number.substr(0, number.find(' '))).value_or(0);
    }
    return 0;
}

TEST_F(PollerTest, ALongWriteToASlowReaderTakesNoMemory) {
    auto [stream, peer] = link();
    const std::string body(64 << 20, 'x');
    const std::size_t before = resident_kib();
    thread.run([&] { stream->set_deadline(60s); });
    auto said = start(say(stream.get(), body));
    std::size_t bytes = 0;
    std::size_t most = 0;
    while (bytes < body.size()) {
        char buffer[32 << 10];
        const ssize_t got = ::recv(peer.native(), buffer, sizeof buffer, 0);
        ASSERT_GT(got, 0);
        bytes += static_cast<std::size_t>(got);
        if (bytes % (1 << 20) < sizeof buffer) {
            std::this_thread::sleep_for(1ms);
            most = std::max(most, resident_kib());
        }
    }
    EXPECT_TRUE(result_of(std::move(said)));
    EXPECT_LT(most, before + (8 << 10));
    destroy(stream);
}

TEST_F(PollerTest, ALoopThatGoesTakesItsWaitingStreamsAlong) {
    const std::size_t before = open_descriptors();
    std::vector<Wire> peers;
    {
        LoopThread other;
        for (int i = 0; i < 20; ++i) {
            Ends ends = connected();
            auto stream = other.run([&] {
                return std::make_unique<Stream>(
                    Socket(other.executor(), asio::generic::stream_protocol(AF_INET, IPPROTO_TCP),
                           ends.ours),
                    other.deadlines(), nullptr);
            });
            spawn(other.executor(), own(std::move(stream), 10s));
            peers.push_back(std::move(ends.peer));
        }
        other.run([] {});
    }
    for (Wire& peer : peers) EXPECT_EQ(peer.read_all(), "");
    peers.clear();
    EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace merlon::net

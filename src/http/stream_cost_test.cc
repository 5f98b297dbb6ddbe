// What streams cost and leave behind: memory and descriptors, also of those that end in a crowd or
// with their loop.
#include <dirent.h>

#include <fstream>

#include "base/text.h"
#include "http/stream.h"

#include "http/stream_test_kit.h"

namespace merlon::http {
namespace {

using namespace std::chrono_literals;
using namespace testing;

std::size_t open_descriptors() {
    std::size_t count = 0;
    DIR* directory = ::opendir("/proc/self/fd");
    while (::readdir(directory) != nullptr) ++count;
    ::closedir(directory);
    return count;
}

TEST_F(StreamTest, TenThousandStreamsLeaveNoDescriptorOpen) {
    link();  // what is made once is made now
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
        const std::string_view number = text::trim(std::string_view(line).substr(6));
        return text::parse_number<std::size_t>(number.substr(0, number.find(' '))).value_or(0);
    }
    return 0;
}

TEST_F(StreamTest, ALongWriteToASlowReaderTakesNoMemory) {
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

TEST_F(StreamTest, ALoopThatGoesTakesItsWaitingStreamsAlong) {
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
}  // namespace merlon::http

// Lines to a pipe that is read, that nobody reads, and to a full disk.
#include "base/line_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace merlon {
namespace {

using std::chrono::milliseconds;

// A writer into a pipe; what comes out at the other end.
class PipedWriter {
public:
    PipedWriter() {
        if (::pipe2(ends_, O_CLOEXEC) != 0) ADD_FAILURE();
        writer.emplace(ends_[1], clock, lost, other_lost);
    }
    ~PipedWriter() {
        writer.reset();
        ::close(ends_[0]);
        ::close(ends_[1]);
    }
    std::string read_some() const {
        char buffer[65'536];
        const ssize_t bytes = ::read(ends_[0], buffer, sizeof buffer);
        return {buffer, bytes > 0 ? static_cast<std::size_t>(bytes) : 0};
    }
    std::string read(std::size_t bytes) const {
        std::string text;
        while (text.size() < bytes) text += read_some();
        return text;
    }

    SystemClock clock;
    metrics::Counter lost;
    metrics::Counter other_lost;
    std::optional<LineWriter> writer;

private:
    int ends_[2];
};

TEST(LineWriter, KeepsLinesOfManyThreadsWhole) {
    PipedWriter pipe;
    const std::string line = std::string(99, 'x') + '\n';
    constexpr int threads = 4;
    constexpr int each = 500;
    {
        std::vector<std::jthread> writers;
        for (int t = 0; t < threads; ++t) {
            writers.emplace_back([&] {
                for (int i = 0; i < each; ++i) pipe.writer->first().write(line);
            });
        }
        const std::string text = pipe.read(line.size() * threads * each);
        ASSERT_EQ(text.size(), line.size() * threads * each);
        for (std::size_t at = 0; at < text.size(); at += line.size()) {
            ASSERT_EQ(text.compare(at, line.size(), line), 0);
        }
    }
    EXPECT_EQ(pipe.lost.value(), 0u);
}

TEST(LineWriter, GivesAPipeWholeLinesAPieceWhateverTheirLength) {
    PipedWriter pipe;
    std::string lines;
    for (const std::size_t bytes : {10, 4'000, 95, 4'095, 4'096, 9'000, 1}) {
        lines += std::string(bytes - 1, 'x') + '\n';
    }
    pipe.writer->first().write(lines);
    EXPECT_EQ(pipe.read(lines.size()), lines);
}

TEST(LineWriter, DropsAndCountsWhenNobodyReadsAndNeverWaits) {
    PipedWriter pipe;
    const std::string line = std::string(1'023, 'x') + '\n';
    constexpr std::uint64_t written = 4'096;  // 4 MiB: more than pipe and lane hold
    // Would hang here if it waited. How much the writer takes out of the lane meanwhile is chance.
    for (std::uint64_t i = 0; i < written; ++i) pipe.writer->second().write(line);
    EXPECT_GT(pipe.other_lost.value(), 0U);

    // The first lane has room of its own, and goes before what waits in the second.
    pipe.writer->first().write("urgent\n");
    EXPECT_EQ(pipe.lost.value(), 0u);
    std::size_t lines = 0;
    bool is_urgent_here = false;
    for (std::string text; lines < written - pipe.other_lost.value() + 1;) {
        text = pipe.read_some();
        is_urgent_here = is_urgent_here || text.find("urgent") != std::string::npos;
        lines += static_cast<std::size_t>(std::ranges::count(text, '\n'));
    }
    EXPECT_TRUE(is_urgent_here);
}

TEST(LineWriter, WritesWhatWaitsBeforeItEnds) {
    PipedWriter pipe;
    for (int i = 0; i < 100; ++i) pipe.writer->first().write("line\n");
    pipe.writer.reset();
    EXPECT_EQ(pipe.read(500).size(), 500u);
}

TEST(LineWriter, EndsAlthoughNobodyReads) {
    PipedWriter pipe;
    pipe.writer->first().write(std::string(500'000, 'x') + '\n');
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 500; ++i) pipe.writer->second().write(std::string(1'000, 'x') + '\n');
    pipe.writer.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - began, LineWriter::farewell_max * 5);
    EXPECT_EQ(pipe.other_lost.value(), 500u);
}

TEST(LineWriter, CountsWhatAFullDiskDoesNotTake) {
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (full < 0) GTEST_SKIP() << "/dev/full is not there";
    const SystemClock clock;
    metrics::Counter lost;
    metrics::Counter other_lost;
    {
        LineWriter writer(full, clock, lost, other_lost);
        writer.first().write("a\nb\n");
        writer.second().write("c\n");
    }
    ::close(full);
    EXPECT_EQ(lost.value(), 2u);
    EXPECT_EQ(other_lost.value(), 1u);
}

}  // namespace
}  // namespace merlon

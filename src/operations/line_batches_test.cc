// Where lines and batches end, however the bytes arrive.
#include "operations/line_batches.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>
#include <vector>

namespace merlon::operations {
namespace {

using Batches = std::vector<std::pair<std::size_t, std::string>>;

// What comes of `text` through a pipe.
Batches read(std::string text, LineBatches::Limits limits) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    std::jthread writer([&] {
        for (std::size_t at = 0; at < text.size();) {
            const ssize_t bytes = ::write(ends[1], text.data() + at, text.size() - at);
            if (bytes <= 0) break;
            at += static_cast<std::size_t>(bytes);
        }
        ::close(ends[1]);
    });
    LineBatches batches(ends[0], limits);
    Batches all;
    std::size_t bytes_read = 0;
    while (const auto batch = batches.next().value()) {
        all.emplace_back(batch->first_line, batch->lines);
        bytes_read += batch->bytes_read;
    }
    EXPECT_EQ(bytes_read, text.size());
    writer.join();
    ::close(ends[0]);
    return all;
}

TEST(LineBatches, KeepTheNumbersOfLines) {
    constexpr LineBatches::Limits two{.line_bytes = 4, .lines = 2, .bytes = 100};
    EXPECT_EQ(read("", two), Batches{});
    EXPECT_EQ(read("a", two), (Batches{{1, "a"}}));
    EXPECT_EQ(read("a\n", two), (Batches{{1, "a"}}));
    EXPECT_EQ(read("\n", two), (Batches{{1, ""}}));
    EXPECT_EQ(read("a\n\nb\r\nc", two), (Batches{{1, "a\n"}, {3, "b\r\nc"}}));
    EXPECT_EQ(read("\xef\xbb\xbf"
                   "a\n\xef\xbb\xbf"
                   "b",
                   two),
              (Batches{{1,
                        "a\n\xef\xbb\xbf"
                        "b"}}));  // a mark in the middle is a byte of its line
    EXPECT_EQ(read(std::string("a\0b\n", 4), two), (Batches{{1, std::string("a\0b", 3)}}));
}

TEST(LineBatches, EndAtTheirBytesAndCutALongLineBehindItsLimit) {
    constexpr LineBatches::Limits small{.line_bytes = 4, .lines = 100, .bytes = 4};
    EXPECT_EQ(read("ab\ncd\nef", small), (Batches{{1, "ab\ncd"}, {3, "ef"}}));
    EXPECT_EQ(read("1234\n", small), (Batches{{1, "1234"}}));
    EXPECT_EQ(read("123456789\nab", small), (Batches{{1, "12345"}, {2, "ab"}}));
    // Longer than what is read at once.
    const std::string long_line(300'000, 'x');
    EXPECT_EQ(read(long_line + "\nab", small), (Batches{{1, "xxxxx"}, {2, "ab"}}));
}

TEST(LineBatches, SayWhyAFileCannotBeRead) {
    LineBatches batches(-1, {4, 4, 4});
    EXPECT_EQ(batches.next().error().rule, "import.read");
}

}  // namespace
}  // namespace merlon::operations

// Tests of the frames' memory.
#include "base/frame_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace merlon {
namespace {

TEST(FramePool, GivesBlocksThatDoNotOverlapAndHoldWhatWasAskedFor) {
    struct Held {
        void* block;
        std::size_t bytes;
        int mark;
    };
    std::vector<Held> held;
    // Around every border of a size class, and beyond the largest.
    for (std::size_t bytes = 1; bytes <= 5'000; bytes += bytes % 64 < 2 ? 1 : 31) {
        for (int i = 0; i < 3; ++i) {
            const int mark = static_cast<int>(held.size() % 251);
            void* block = allocate_frame(bytes);
            EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignof(std::max_align_t), 0U);
            std::memset(block, mark, bytes);
            held.push_back({block, bytes, mark});
        }
    }
    for (const auto& [block, bytes, mark] : held) {
        const auto* first = static_cast<const unsigned char*>(block);
        EXPECT_EQ(std::count(first, first + bytes, mark), static_cast<std::ptrdiff_t>(bytes));
        free_frame(block, bytes);
    }
}

TEST(FramePool, KeepsABlockForTheNextFrameOfItsSizeClass) {
#if __has_feature(address_sanitizer)
    GTEST_SKIP() << "every frame on its own there";
#endif
    void* first = allocate_frame(100);
    free_frame(first, 100);
    void* other = allocate_frame(200);
    void* second = allocate_frame(128);  // the same class of 64 bytes
    EXPECT_EQ(second, first);
    EXPECT_NE(other, first);
    free_frame(second, 128);
    free_frame(other, 200);
}

TEST(FramePool, TakesBlocksThatAnotherThreadMadeAndEndsWithItsThread) {
    std::mutex mutex;
    std::vector<void*> on_the_way;
    std::jthread maker([&] {
        for (int i = 0; i < 20'000; ++i) {
            void* block = allocate_frame(300);
            std::memset(block, 1, 300);
            const std::lock_guard lock(mutex);
            on_the_way.push_back(block);
        }
    });
    std::jthread taker([&] {
        for (int freed = 0; freed < 20'000;) {
            std::vector<void*> taken;
            {
                const std::lock_guard lock(mutex);
                taken.swap(on_the_way);
            }
            for (void* block : taken) free_frame(block, 300);
            freed += static_cast<int>(taken.size());
        }
        // Blocks of its own and of the other thread: none is given out twice.
        std::set<void*> given;
        for (int i = 0; i < 200; ++i) EXPECT_TRUE(given.insert(allocate_frame(300)).second);
        for (void* block : given) free_frame(block, 300);
    });
}

}  // namespace
}  // namespace merlon

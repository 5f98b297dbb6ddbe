// The input buffer: bytes stay in order, whatever comes, goes and comes back.
#include "http/input_buffer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace merlon::http {
namespace {

void receive(InputBuffer& buffer, std::string_view text) {
    while (!text.empty()) {
        const auto space = buffer.space();
        const std::size_t bytes = std::min(space.size(), text.size());
        std::memcpy(space.data(), text.data(), bytes);
        buffer.received(bytes);
        text.remove_prefix(bytes);
    }
}

TEST(InputBuffer, KeepsNothingOfASecretThatItHasGivenAway) {
    InputBuffer buffer;
    receive(buffer, "head password next");
    const std::string_view held = buffer.view();
    buffer.consume(5);
    buffer.consume_wiped(8);
    EXPECT_EQ(held, "head " + std::string(8, '\0') + " next");
    EXPECT_EQ(buffer.view(), " next");
    buffer.wipe_all();
    EXPECT_EQ(held, std::string(18, '\0'));
    EXPECT_TRUE(buffer.empty());
    InputBuffer().wipe_all();  // it never received
}

TEST(InputBuffer, KeepsBytesInOrderWhateverHappens) {
    std::mt19937 random(1);
    InputBuffer buffer;
    std::string model;
    for (int step = 0; step < 20'000; ++step) {
        const std::size_t size = random() % 3'000;
        switch (random() % 5) {
            case 0:
            case 1: {
                const std::string text(size, static_cast<char>('a' + step % 26));
                receive(buffer, text);
                model += text;
                break;
            }
            case 2:
            case 3: {
                const std::size_t used = std::min(2 * size, model.size());
                buffer.consume(used);
                model.erase(0, used);
                break;
            }
            default:
                if (buffer.empty()) buffer.put("what came behind a body");
                if (model.empty()) model = "what came behind a body";
                buffer.shrink();
        }
        ASSERT_EQ(buffer.view(), model) << "seed 1, step " << step;
    }
}

}  // namespace
}  // namespace merlon::http

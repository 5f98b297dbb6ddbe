// Streams, against peers that the test plays: what came is heard, and whatever ends a wait ends it.
#include "net/stream.h"

#include "net/stream_test_kit.h"

namespace merlon::net {
namespace {

using namespace std::chrono_literals;
using namespace testing;

TEST_F(StreamTest, TheEndIsHeardThoughItCameWithTheLastBytes) {
    enum class Order : std::uint8_t { SentFirst, WaitsFirst };
    for (const Order order : {Order::SentFirst, Order::WaitsFirst}) {
        for (const std::size_t piece : {1UZ, 3UZ, 4UZ, 100UZ}) {  // short, exact, both at once
            auto [stream, peer] = link();
            if (order == Order::SentFirst) {
                send_with_end(peer, "last");
                settle();
            }
            auto heard = start(listen_to(stream.get(), piece));
            if (order == Order::WaitsFirst) {
                settle();
                send_with_end(peer, "last");
            }
            const Result<Heard> got = result_of(std::move(heard));
            ASSERT_TRUE(got) << got.error().rule << piece;
            EXPECT_EQ(got->text, "last");
            EXPECT_EQ(got->end, "stream.end");
            destroy(stream);
        }
    }
}

TEST_F(StreamTest, BytesInManySegmentsAllArrive) {
    auto [stream, peer] = link();
    auto heard = start(listen_to(stream.get(), 7));
    std::string sent;
    for (int i = 0; i < 300; ++i) {
        const std::string part(static_cast<std::size_t>(i % 23 + 1),
                               static_cast<char>('a' + i % 26));
        sent += part;
        peer.send(part);
        if (i % 3 == 0) std::this_thread::sleep_for(100us);
    }
    peer.finish_writing();
    EXPECT_EQ(result_of(std::move(heard)).value().text, sent);
    destroy(stream);
}

// A read stops before a byte sent as urgent (RFC 9293 section 3.8.5), though more lies behind it.
TEST_F(StreamTest, UrgentBytesHideNothingBehindThem) {
    auto [stream, peer] = link();
    peer.send("before");
    ::send(peer.native(), "!", 1, MSG_OOB);
    peer.send("behind");
    settle();
    auto heard = start(listen_to(stream.get(), 100, 12));
    const Result<Heard> got = result_of(std::move(heard));
    if (!got) thread.run([&] { stream->close(); });
    EXPECT_EQ(got ? got->text : std::string(got.error().rule), "beforebehind");
    settle();
    destroy(stream);
}

TEST_F(StreamTest, AHalfClosedPeerStillHearsUs) {
    auto [stream, peer] = link();
    peer.send("question");
    peer.finish_writing();
    EXPECT_EQ(result_of(start(listen_to(stream.get(), 100))).value().end, "stream.end");
    const std::string answer(3 << 20, 'x');  // more than the kernel takes at once
    auto said = start(say(stream.get(), answer));
    std::string got = peer.read(answer.size());
    EXPECT_EQ(got.size(), answer.size());
    EXPECT_TRUE(result_of(std::move(said)));
    thread.run([&] { stream->finish_writing(); });
    EXPECT_EQ(peer.read_all(), "");
    destroy(stream);
}

TEST_F(StreamTest, ClosingEndsWhoReadsAndWhoWrites) {
    auto [stream, peer] = link();
    const std::string much(16 << 20, 'x');
    auto heard = start(listen_to(stream.get(), 100));
    auto said = start(say(stream.get(), much));
    settle();
    thread.run([&] { stream->close(); });
    EXPECT_EQ(result_of(std::move(heard)).value().end, "stream.closed");
    EXPECT_EQ(result_of(std::move(said)).error().rule, "stream.closed");
    EXPECT_EQ(result_of(start(listen_to(stream.get(), 100))).value().end, "stream.closed");
    EXPECT_EQ(result_of(start(say(stream.get(), "x"))).error().rule, "stream.closed");
    destroy(stream);
}

TEST_F(StreamTest, ADeadlineEndsAWaitAndItsStreamMayGoAtOnce) {
    std::vector<Wire> peers;
    std::vector<std::future<Result<std::string>>> ends;
    for (int i = 0; i < 20; ++i) {
        auto [stream, peer] = link();
        peers.push_back(std::move(peer));
        ends.push_back(start(own(std::move(stream), 50ms)));
    }
    for (auto& end : ends) EXPECT_EQ(result_of(std::move(end)).value(), "stream.timeout");
}

TEST_F(StreamTest, ADeadlineEndsAWriteToAPeerThatDoesNotRead) {
    auto [stream, peer] = link();
    const std::string much(16 << 20, 'x');
    thread.run([&] { stream->set_deadline(100ms); });
    EXPECT_EQ(result_of(start(say(stream.get(), much))).error().rule, "stream.timeout");
    EXPECT_EQ(result_of(start(say(stream.get(), "x"))).error().rule, "stream.timeout");
    destroy(stream);
}

// After so many reads at once a stream gives way to others; what ends its wait may come meanwhile.
TEST_F(StreamTest, WhatEndsAWaitIsNotLostWhileAFastReaderGivesWay) {
    struct Case {
        std::string_view end;
        void (*happen)(Stream&, Deadlines&);
    };
    const Case cases[] = {
        {"stream.timeout",
         [](Stream& stream, Deadlines& deadlines) {
             stream.set_deadline(0ms);
             for (int i = 0; i < 3; ++i) deadlines.advance();
         }},
        {"stream.closed", [](Stream& stream, Deadlines&) { stream.cancel_read(); }},
        {"stream.closed", [](Stream& stream, Deadlines&) { stream.close(); }},
    };
    for (const auto& [end, happen] : cases) {
        auto [stream, peer] = link();
        peer.send(std::string(8 * 4 - 1, 'x'));  // the eighth read is short: nothing is left
        settle();
        auto heard = std::make_shared<std::promise<Heard>>();
        thread.run([&] {
            spawn(thread.executor(), listen_to(stream.get(), 4),
                  [heard](Result<Heard> got) { heard->set_value(*std::move(got)); });
            // After it has begun, before its next turn.
            asio::post(thread.executor(), [&] { happen(*stream, thread.deadlines()); });
        });
        auto future = heard->get_future();
        const bool has_ended = future.wait_for(2s) == std::future_status::ready;
        EXPECT_TRUE(has_ended) << end;
        if (!has_ended) thread.run([&] { stream->close(); });
        EXPECT_EQ(future.get().end, has_ended ? end : "stream.closed");
        destroy(stream);
    }
}

TEST_F(StreamTest, CancellingAReadLeavesTheStreamOpen) {
    auto [stream, peer] = link();
    auto heard = start(listen_to(stream.get(), 100));
    settle();
    thread.run([&] { stream->cancel_read(); });
    EXPECT_EQ(result_of(std::move(heard)).value().end, "stream.closed");
    heard = start(listen_to(stream.get(), 100));
    peer.send("still here");
    peer.finish_writing();
    EXPECT_EQ(result_of(std::move(heard)).value().text, "still here");
    destroy(stream);
}

}  // namespace
}  // namespace merlon::net

// For tests of streams and of the poller under them: streams on a loop, each with its peer.
#pragma once

#include <poll.h>

#include <future>

#include "base/spawn.h"
#include "net/stream.h"
#include "net/test_kit.h"
#include "net/tls.h"

namespace merlon::net::testing {

// Both ends of one TCP connection.
struct Ends {
    int ours;
    Wire peer;
};
inline Ends connected() {
    Listener listener;
    Wire peer = Wire::connect(listener.port());
    Wire accepted = listener.accept();
    return {::dup(accepted.native()), std::move(peer)};
}

// Reads pieces of at most `piece` bytes until something ends it; gives what came and why it ended.
struct Heard {
    std::string text;
    std::string_view end;
    int reads = 0;
};
inline Task<Heard> listen_to(Stream* stream, std::size_t piece, std::size_t bytes_max = SIZE_MAX) {
    Heard heard;
    std::string buffer(piece, '\0');
    while (heard.text.size() < bytes_max) {
        const auto got = co_await stream->read_some(buffer);
        if (!got) {
            heard.end = got.error().rule;
            break;
        }
        ++heard.reads;
        heard.text.append(buffer, 0, *got);
    }
    co_return heard;
}

inline Task<> say(Stream* stream, std::string_view text) {
    Gather gather;
    gather.add(text);
    co_return co_await stream->write(gather);
}

class StreamTest : public ::testing::Test {
protected:
    ~StreamTest() override { thread.stop(); }

    std::unique_ptr<Stream> stream_of(int socket) {
        return std::make_unique<Stream>(
            Socket(thread.executor(), asio::generic::stream_protocol(AF_INET, IPPROTO_TCP), socket),
            thread.deadlines(), nullptr);
    }
    // A stream on the loop, and its peer.
    struct Link {
        std::unique_ptr<Stream> stream;
        Wire peer;
    };
    Link link() {
        Ends ends = connected();
        return {thread.run([&] { return stream_of(ends.ours); }), std::move(ends.peer)};
    }
    template <class T>
    std::future<Result<T>> start(Task<T> task) {
        auto promise = std::make_shared<std::promise<Result<T>>>();
        spawn(thread.executor(), std::move(task),
              [promise](Result<T> result) { promise->set_value(std::move(result)); });
        return promise->get_future();
    }
    // What it gave, or "lost" when it still waits after five seconds.
    template <class T>
    static Result<T> result_of(std::future<Result<T>> future) {
        if (future.wait_for(std::chrono::seconds{5}) != std::future_status::ready)
            return fail(Kind::Corrupt, "lost");
        return future.get();
    }
    // The loop's turn has come once since.
    void settle() {
        thread.run([] {});
        ::poll(nullptr, 0, 20);  // ms
        thread.run([] {});
    }
    void destroy(std::unique_ptr<Stream>& stream) {
        thread.run([&] { stream.reset(); });
    }

    LoopThread thread;
};

// Data and the end in one segment.
inline void send_with_end(const Wire& peer, std::string_view text) {
    ::send(peer.native(), text.data(), text.size(), MSG_MORE);
    ::shutdown(peer.native(), SHUT_WR);
}

// Owns its stream: it goes when the task ends.
inline Task<std::string> own(std::unique_ptr<Stream> stream, std::chrono::milliseconds delay) {
    stream->set_deadline(delay);
    const Heard heard = MERLON_CO_TRY(co_await listen_to(stream.get(), 100));
    co_return std::string(heard.end);
}

}  // namespace merlon::net::testing

// Runs the two directions of a tunnel.
#include "gateway/proxy/tunnel.h"

#include "base/child_task.h"

namespace merlon::gateway {
namespace {

constexpr std::size_t piece_bytes = 16 << 10;

struct Ends {
    net::Stream* from;
    net::Stream* to;
    std::chrono::milliseconds idle;

    // Progress in one direction resets both deadlines.
    void touch() const {
        from->set_deadline(idle);
        to->set_deadline(idle);
    }
    void close() const {
        from->close();
        to->close();
    }
};

Task<> carry_pieces(Ends ends, std::string early) {
    ends.touch();
    net::Gather first;
    first.add(early);
    MERLON_CO_TRY(co_await ends.to->write(first));
    const auto buffer = std::make_unique_for_overwrite<char[]>(piece_bytes);
    while (true) {
        const auto bytes = co_await ends.from->read_some({buffer.get(), piece_bytes});
        if (!bytes && bytes.error().rule == net::stream_end_rule) break;
        if (!bytes) co_return std::unexpected(bytes.error());
        ends.touch();
        net::Gather piece;
        piece.add({buffer.get(), *bytes});
        MERLON_CO_TRY(co_await ends.to->write(piece));
        ends.touch();
    }
    ends.to->finish_writing();
    co_return Result<>{};
}

// One direction. A failure ends the other one too.
Task<> carry(Ends ends, std::string early) {
    Result<> carried = co_await carry_pieces(ends, std::move(early));
    if (!carried) ends.close();
    co_return carried;
}

}  // namespace

Task<> tunnel(net::Stream* client, std::string early_client, net::Stream* upstream,
              std::string early_upstream, std::chrono::milliseconds idle) {
    ChildTask downstream(co_await current_executor());
    downstream.start(carry({upstream, client, idle}, std::move(early_upstream)));
    const Result<> sent = co_await carry({client, upstream, idle}, std::move(early_client));
    const Result<> received = co_await downstream.join();
    co_return sent ? received : sent;
}

}  // namespace merlon::gateway

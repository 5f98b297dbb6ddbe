// Runs the two directions of a tunnel.
#include "gateway/proxy/tunnel.h"

#include "base/child_task.h"

namespace merlon::gateway {

using wire::CloseCode;
using wire::WebSocketReader;

namespace {

constexpr std::size_t piece_bytes = 16 << 10;

}  // namespace

Tunnel::Tunnel(net::Stream& client, net::Stream& upstream, std::chrono::milliseconds idle)
    : down_{upstream, client, WebSocketReader::Client, CloseCode::BadGateway, {}},
      up_{client, upstream, WebSocketReader::Server, CloseCode::GoingAway, {}},
      idle_(idle),
      quiet_(client.executor()) {}

// Progress in one direction resets both deadlines.
void Tunnel::touch() {
    ++pieces_;
    if (is_ending_) return;
    down_.from.set_deadline(idle_);
    up_.from.set_deadline(idle_);
}

Task<> Tunnel::send(Way* way, std::string bytes) {
    net::Gather gather;
    gather.add(bytes);
    co_return co_await way->to.write(gather);
}

Task<> Tunnel::carry_pieces(Way* way, std::string early) {
    touch();
    way->frames.feed(early);
    MERLON_CO_TRY(co_await send(way, std::move(early)));
    const auto buffer = std::make_unique_for_overwrite<char[]>(piece_bytes);
    while (!is_ending_) {
        if (std::exchange(way->is_asked, false) && way->frames.is_between_frames() &&
            !way->frames.has_close()) {
            MERLON_CO_TRY(co_await send(way, wire::ping_frame(way->reader)));
        }
        const auto bytes = co_await way->from.read_some({buffer.get(), piece_bytes});
        if (!bytes && way->is_asked) continue;  // its read was cancelled for that
        if (!bytes && bytes.error().rule == net::stream_end_rule) break;
        if (!bytes) co_return std::unexpected(bytes.error());
        touch();
        const std::string_view piece(buffer.get(), *bytes);
        way->frames.feed(piece);
        net::Gather gather;
        gather.add(piece);
        MERLON_CO_TRY(co_await way->to.write(gather));
        touch();
    }
    co_return Result<>{};
}

// To the end of this direction. The other one goes on where this one only finished.
Task<> Tunnel::carry(Way* way, std::string early) {
    Result<> carried = co_await carry_pieces(way, std::move(early));
    if (!carried) {
        const bool is_quiet = carried.error().rule == net::stream_timeout_rule;
        end(is_quiet ? std::optional(CloseCode::GoingAway) : std::nullopt);
    }
    // Who went without a Close frame has one said in its place.
    if (way->frames.is_between_frames() && !way->frames.has_close()) {
        co_await send(way, wire::close_frame(way->reader, code_.value_or(way->lost)));
    }
    way->to.finish_writing();
    co_return carried;
}

void Tunnel::end(std::optional<CloseCode> code) {
    if (std::exchange(is_ending_, true)) return;
    code_ = code;
    for (Way* way : {&down_, &up_}) {
        way->from.set_deadline(farewell);
        way->from.cancel_read();
    }
    quiet_.cancel();
}

Task<> Tunnel::ask_while_quiet() {
    // At least a tick: a route's timeout may be shorter than anything is timed here.
    const auto period = std::max(std::min(ping_after, idle_ / 2), net::Deadlines::tick_length);
    while (!is_ending_) {
        const std::uint64_t before = pieces_;
        quiet_.expires_after(period);
        co_await quiet_.async_wait(as_result);
        if (is_ending_ || pieces_ != before) continue;
        for (Way* way : {&down_, &up_}) {
            way->is_asked = true;
            way->from.cancel_read();
        }
    }
    co_return Result<>{};
}

Task<> Tunnel::run(std::string early_client, std::string early_upstream) {
    ChildTask downstream(quiet_.get_executor());
    ChildTask asking(quiet_.get_executor());
    downstream.start(carry(&down_, std::move(early_upstream)));
    asking.start(ask_while_quiet());
    const Result<> sent = co_await carry(&up_, std::move(early_client));
    const Result<> received = co_await downstream.join();
    const bool is_over = is_ending_;
    end(std::nullopt);
    co_await asking.join();
    if (is_over) {
        down_.from.close();
        up_.from.close();
    }
    co_return sent ? received : sent;
}

}  // namespace merlon::gateway

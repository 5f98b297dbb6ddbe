// Runs a connection: reads heads, serves requests, closes. Read run() first.
#include "http/connection.h"

#include "http/http1_exchange.h"
#include "http/reason_phrase.h"
#include "net/tls.h"

namespace merlon::http {

Connection::Connection(ConnectionContext& context, net::Socket socket, Peer peer,
                       std::unique_ptr<net::TlsSession> tls)
    : context_(context),
      stream_(std::move(socket), context.deadlines, std::move(tls)),
      peer_(std::move(peer)),
      waiting_since_tick_(context.deadlines.now_tick()) {}

Task<> Connection::run() {
    stream_.set_deadline(context_.timeouts.header);
    MERLON_CO_TRY(co_await stream_.handshake());
    peer_.identity = stream_.peer_identity();
    while (true) {
        auto head_bytes = co_await await_head();
        if (!head_bytes) {
            co_await refuse(nullptr, std::move(head_bytes).error());
            break;
        }
        is_serving_ = true;
        const auto next = co_await serve_one(*head_bytes);
        is_serving_ = false;
        has_served_ = true;
        if (!next || *next == Next::Close) break;
        input_.shrink();
    }
    co_await linger();
    co_return Result<>{};
}

namespace {

// Pipelined requests are served one after the other; after so many, other connections have their
// turn.
constexpr int requests_in_a_row_max = 16;

}  // namespace

Task<std::size_t> Connection::await_head() {
    if (++requests_in_a_row_ > requests_in_a_row_max && !input_.empty()) {
        requests_in_a_row_ = 0;
        co_await stream_.next_turn();
    }
    wire::HeadScanner scanner;
    bool timed_as_head = false;
    while (true) {
        if (!input_.empty()) {
            if (const std::size_t bytes =
                    MERLON_CO_TRY(scanner.scan(input_.view(), context_.head_limits))) {
                co_return bytes;
            }
        }
        if (input_.empty()) {
            stream_.set_deadline(context_.timeouts.idle);
            is_between_requests_ = true;
            waiting_since_tick_ = context_.deadlines.now_tick();
        } else if (!std::exchange(timed_as_head, true)) {
            // Set once, from the first byte: a byte a second does not buy a longer head.
            stream_.set_deadline(context_.timeouts.header);
        }
        const auto got = co_await stream_.read_some(input_.space());
        is_between_requests_ = false;
        if (!got) co_return std::unexpected(got.error());
        input_.received(*got);
    }
}

Task<Connection::Next> Connection::serve_one(std::size_t head_bytes) {
    const std::string_view head_text = input_.view().substr(0, head_bytes);
    auto parsed = head_.parse(head_text, context_.head_limits);
    auto admitted = parsed ? wire::admit(head_)
                           : Result<wire::Admitted>(std::unexpected(std::move(parsed).error()));
    if (!admitted) {
        co_await refuse(&head_, std::move(admitted).error());
        co_return Next::Close;
    }
    input_.consume(head_bytes);  // its bytes stay where they are until the exchange is over
    Http1Exchange exchange(*this, *admitted);
    MERLON_CO_TRY(co_await context_.handler.serve(exchange));
    co_return MERLON_CO_TRY(co_await exchange.settle()) ? Next::Request : Next::Close;
}

Task<> Connection::refuse(const wire::RequestHead* head, Error error) {
    // No client waits for a response on a connection that ended, or that timed out between
    // requests.
    const bool is_stream_error = net::is_stream_failure(error);
    if (is_stream_error && (error.rule != net::stream_timeout_rule || input_.empty()))
        co_return Result<>{};
    const Response response = context_.handler.refuse(peer_, head, error);
    output_ = "HTTP/1.1 " + std::to_string(response.status) + " ";
    output_.append(reason_phrase(response.status)).append("\r\n").append(response.fields.text());
    output_.append("Date: ").append(context_.date);
    output_.append("\r\nContent-Length: ").append(std::to_string(response.body.size()));
    output_.append("\r\nConnection: close\r\n\r\n").append(response.body);
    net::Gather gather;
    gather.add(output_);
    stream_.set_deadline(context_.timeouts.body);
    co_return co_await stream_.write(gather);
}

// There are clients, Python's and Node's among them, that send all of a body before they look for a
// response: as long as they send, they are read.
Task<> Connection::linger() {
    constexpr std::chrono::seconds time_max{30};
    constexpr std::chrono::seconds silence_max{2};
    if (!stream_.is_open()) co_return Result<>{};
    stream_.finish_writing();
    input_.consume(input_.view().size());
    const std::uint64_t end_tick =
        context_.deadlines.now_tick() + time_max / net::Deadlines::tick_length;
    while (context_.deadlines.now_tick() < end_tick) {
        stream_.set_deadline(silence_max);
        MERLON_CO_TRY(co_await stream_.read_some(input_.space()));
    }
    co_return Result<>{};
}

}  // namespace merlon::http

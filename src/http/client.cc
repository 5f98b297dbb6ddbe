// Connects to upstreams and reads their responses.
#include "http/client.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "base/lookup.h"

namespace merlon::http {
namespace {

using Endpoints = std::vector<Endpoint>;

// Whether the caller may retry depends on whether the upstream may have begun to work.
Error as_upstream_error(Error error) {
    if (error.rule == net::stream_timeout_rule) error.rule = upstream_timeout_rule;
    if (net::is_stream_failure(error)) error.rule = "upstream.broken";
    if (!is_upstream_failure(error)) {
        error.detail = std::string(error.rule);
        error.rule = "upstream.framing";
    }
    error.kind = Kind::Unavailable;
    return error;
}

Task<Endpoints> resolve(std::shared_ptr<const UpstreamAddress> to,
                        std::chrono::milliseconds timeout) {
    if (!to->unix_path.empty()) {
        co_return Endpoints{asio::local::stream_protocol::endpoint(to->unix_path)};
    }
    auto found = co_await look_up(to->host, timeout);
    if (!found) {
        const bool is_late = found.error().rule == lookup_timeout_rule;
        co_return fail(Kind::Unavailable, is_late ? upstream_timeout_rule : "upstream.unavailable",
                       std::move(found).error().detail);
    }
    Endpoints endpoints;
    for (const auto& address : *found) {
        endpoints.emplace_back(asio::ip::tcp::endpoint(address, to->port));
    }
    co_return endpoints;
}

// A deadline for connecting: a socket that is closed fails its pending connect.
class ConnectDeadline final : public net::Deadlines::Entry {
public:
    explicit ConnectDeadline(net::Socket& socket) : socket_(socket) {}
    bool has_passed() const { return passed_; }

private:
    void expired() override {
        passed_ = true;
        boost::system::error_code ignored;
        socket_.close(ignored);
    }
    net::Socket& socket_;
    bool passed_ = false;
};

}  // namespace

void ConnectAttempt::cancel() {
    is_cancelled_ = true;
    boost::system::error_code ignored;
    if (socket_ != nullptr) socket_->close(ignored);
    if (stream_ != nullptr) stream_->close();
}

Task<std::unique_ptr<ClientConnection>> ClientConnection::connect(
    std::shared_ptr<const UpstreamAddress> to, net::Deadlines& deadlines,
    std::chrono::milliseconds timeout) {
    const Endpoints endpoints = MERLON_CO_TRY(co_await resolve(to, timeout));
    Error why{Kind::Unavailable, "upstream.unavailable", to->authority + ": no address", {}};
    for (const Endpoint& endpoint : endpoints) {
        ConnectAttempt attempt;
        auto made = co_await connect_to(to, endpoint, attempt, deadlines, timeout);
        if (made || made.error().rule == upstream_timeout_rule) co_return made;
        why = std::move(made).error();
    }
    co_return std::unexpected(std::move(why));
}

Task<std::unique_ptr<ClientConnection>> ClientConnection::connect_to(
    std::shared_ptr<const UpstreamAddress> to, Endpoint endpoint, ConnectAttempt& attempt,
    net::Deadlines& deadlines, std::chrono::milliseconds timeout) {
    const auto unavailable = [&](const std::string& why) {
        return fail(Kind::Unavailable, "upstream.unavailable", to->authority + ": " + why);
    };
    net::Socket socket(co_await current_executor());
    ConnectDeadline deadline(socket);
    deadlines.set(deadline, timeout);
    attempt.socket_ = &socket;
    const auto [error] = co_await socket.async_connect(endpoint, as_result);
    attempt.socket_ = nullptr;
    deadlines.clear(deadline);
    if (attempt.is_cancelled_) co_return unavailable("given up");
    if (deadline.has_passed()) co_return fail(Kind::Unavailable, upstream_timeout_rule);
    if (error) co_return unavailable(error.message());
    boost::system::error_code ignored;  // not for Unix sockets
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    auto tls = to->tls ? to->tls->new_session(to->host) : nullptr;
    std::unique_ptr<ClientConnection> made(
        new ClientConnection(to, std::move(socket), deadlines, std::move(tls)));
    made->stream_.set_deadline(timeout);
    attempt.stream_ = &made->stream_;
    auto done = co_await made->stream_.handshake();
    attempt.stream_ = nullptr;
    if (!done) {
        co_return unavailable("TLS: " + std::string(done.error().rule) + " " + done.error().detail);
    }
    co_return std::move(made);
}

Task<std::size_t> ClientConnection::await_head() {
    wire::HeadScanner scanner;
    // An upstream is trusted: its response may have more fields than a request may.
    const wire::HeadLimits limits{.head_bytes = 64 << 10, .target_bytes = 0, .fields = 256};
    while (true) {
        if (!input_.empty()) {
            if (const std::size_t bytes = MERLON_CO_TRY(scanner.scan(input_.view(), limits))) {
                if (auto parsed = head_.parse(input_.view().substr(0, bytes), limits); !parsed) {
                    co_return std::unexpected(std::move(parsed).error());
                }
                co_return bytes;
            }
        }
        auto got = co_await stream_.read_some(input_.space());
        if (!got) {
            const bool is_silent = input_.empty() && got.error().rule != net::stream_timeout_rule;
            if (is_silent) got.error().rule = upstream_closed_rule;
            co_return std::unexpected(std::move(got).error());
        }
        input_.received(*got);
    }
}

Task<const wire::ResponseHead*> ClientConnection::read_head(wire::Method method) {
    // Early hints and the like are skipped; more than a few are an error.
    for (int interim = 0; interim < 8; ++interim) {
        auto head_bytes = co_await await_head();
        if (!head_bytes) co_return std::unexpected(as_upstream_error(head_bytes.error()));
        input_.consume(*head_bytes);
        admitted_ = MERLON_CO_TRY(wire::admit_response(head_, method));
        if (head_.status >= 200 || head_.status == 101) {
            body_.emplace(stream_, input_, admitted_.body, UINT64_MAX, wire::Trailers::Dropped);
            co_return &head_;
        }
    }
    co_return fail(Kind::Unavailable, "upstream.framing", "too many interim responses");
}

bool ClientConnection::is_reusable() {
    if (!admitted_.keep_alive || !body_ || !body_->is_done() || !stream_.is_open()) return false;
    body_->return_rest();
    input_.shrink();
    return input_.empty();  // unexpected bytes would be read as the next response
}

}  // namespace merlon::http

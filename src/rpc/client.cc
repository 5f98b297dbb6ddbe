// Sends one request on one connection, and retries where that is harmless.
#include "rpc/client.h"

#include <fmt/format.h>

#include "base/answer.h"
#include "base/spawn.h"
#include "net/stream.h"

namespace merlon::rpc {
namespace {

constexpr std::size_t response_bytes_max = 64 << 20;

struct RawResponse {
    int status;
    std::string body;
};

Task<RawResponse> attempt(http::ClientConnection* connection, std::string request,
                          std::chrono::milliseconds patience) {
    net::Gather gather;
    gather.add(request);
    connection->stream().set_deadline(patience);
    if (const auto sent = co_await connection->stream().write(gather); !sent) {
        co_return fail(Kind::Unavailable, http::upstream_closed_rule,
                       std::string(sent.error().rule));
    }
    const wire::ResponseHead* head =
        MERLON_CO_TRY(co_await connection->read_head(wire::Method::Post));
    RawResponse response{head->status, {}};
    while (true) {
        const auto piece = co_await connection->read_body();
        if (!piece || response.body.size() + piece->size() > response_bytes_max) {
            co_return fail(Kind::Unavailable, "upstream.broken", "a response that broke off");
        }
        if (piece->empty()) co_return response;
        response.body += *piece;
    }
}

// By which the places of all calls are counted: they are one client's.
constexpr std::string_view own_name = "this process";

Task<std::string> exchange(std::shared_ptr<upstream::Upstream> upstream, const Method* method,
                           std::string body) {
    const upstream::Places::Place place = MERLON_CO_TRY(upstream->enter(own_name));
    std::optional<upstream::Upstream::Lease> kept = upstream->reuse();
    while (true) {
        const bool is_first = kept.has_value();
        upstream::Upstream::Lease lease =
            kept ? *std::exchange(kept, std::nullopt) : MERLON_CO_TRY(co_await upstream->connect());
        http::ClientConnection& connection = lease.connection();
        const std::string authority(connection.authority());
        const std::uint64_t sent_before = connection.stream().bytes_sent();
        auto answered = co_await attempt(
            &connection,
            fmt::format("POST {}{} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n"
                        "Content-Length: {}\r\n\r\n{}",
                        method_path, method->name, authority, body.size(), body),
            method->patience);
        if (answered) {
            lease.give_back();
            if (answered->status == 200) co_return std::move(answered->body);
            const Error unread{Kind::Unavailable,
                               "upstream.broken",
                               fmt::format("{} from {}", answered->status, authority),
                               {}};
            co_return std::unexpected(error_of(answered->body, method->rules, unread));
        }
        const bool was_stale =
            lease.is_reused() && answered.error().rule == http::upstream_closed_rule;
        if (!was_stale) lease.blame();
        const bool sent_nothing = connection.stream().bytes_sent() == sent_before;
        if (!is_first || !was_stale || (!sent_nothing && method->retry == Retry::Never)) {
            co_return std::unexpected(std::move(answered).error());
        }
    }
}

}  // namespace

void ClientLoop::start() {
    asio::post(loop_, [this] { deadlines_.start(); });
    thread_ = std::thread([this] { loop_.run(); });
}

ClientLoop::~ClientLoop() { stop(); }

void ClientLoop::stop() {
    if (!thread_.joinable()) return;
    loop_.stop();
    thread_.join();
}

Client::Client(ClientLoop& loop, const std::string& role, Addresses addresses,
               const ClientEnvironment& environment)
    : loop_(loop),
      name_(role + " (port)"),
      environment_(environment),
      answered_(environment.metrics.counter("merlon_port_calls", "calls of another process's role",
                                            {{"role", role}, {"outcome", "answered"}})),
      failed_(environment.metrics.counter("merlon_port_calls", "calls of another process's role",
                                          {{"role", role}, {"outcome", "failed"}})),
      upstream_(make_upstream(std::move(addresses))),
      every_second_(loop.deadlines(), [this] { upstream_->prune(); }) {}

Client::~Client() = default;

void Client::replace(Addresses addresses) {
    asio::post(loop_.executor(),
               [this, addresses = std::move(addresses)] { upstream_ = make_upstream(addresses); });
}

std::shared_ptr<upstream::Upstream> Client::make_upstream(Addresses addresses) {
    upstream::PoolSettings pool;
    pool.client_requests = pool.requests;
    return std::make_shared<upstream::Upstream>(
        name_, std::move(addresses), pool,
        upstream::UpstreamContext{loop_.executor(), loop_.deadlines(), environment_.clock,
                                  environment_.resolver, environment_.entropy,
                                  environment_.metrics});
}

Task<Message> Client::call(const Method& method, const Message& members) {
    const auto response = co_await Answer<std::string>::wait_for([&](auto waiting) {
        asio::post(loop_.executor(), [this, waiting, method = &method, body = members.str()] {
            spawn(loop_.executor(), exchange(upstream_, method, body),
                  [waiting](Result<std::string> result) { waiting->set(std::move(result)); });
        });
        return Result<>{};
    });
    (response ? answered_ : failed_).add();
    if (!response) co_return std::unexpected(response.error());
    co_return Message::parse(*response);
}

}  // namespace merlon::rpc

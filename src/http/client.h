// The client's side of HTTP/1.1: one connection to an upstream.
#pragma once

#include <memory>

#include "http/body_reader.h"
#include "http/exchange.h"
#include "net/tls.h"

namespace merlon::http {

// The connection ended before any byte of a response.
inline constexpr std::string_view upstream_closed_rule = "upstream.closed";
inline constexpr std::string_view upstream_timeout_rule = "upstream.timeout";

// Whether the upstream failed, not the client.
inline bool is_upstream_failure(const Error& error) { return breaks_rule(error, "upstream."); }

// The address of an upstream, its Host field and its TLS.
struct UpstreamAddress {
    std::string host;  // DNS name or IP address; empty for a Unix socket
    std::uint16_t port = 0;
    std::string unix_path;
    std::string authority;                             // the Host field's value
    std::shared_ptr<const net::TlsClientContext> tls;  // null: in the clear; outlives a reload
};

using Endpoint = asio::generic::stream_protocol::endpoint;

// A connection that is being made, for whoever may lose interest in it. One thread.
class ConnectAttempt {
public:
    // It fails at the loop's next turn.
    void cancel();

private:
    friend class ClientConnection;
    bool is_cancelled_ = false;
    net::Socket* socket_ = nullptr;  // while it connects
    net::Stream* stream_ = nullptr;  // during the handshake
};

// Resource; one request at a time; one thread. Deadlines are those the caller sets on stream().
class ClientConnection final {
public:
    // Looks the host's name up, and tries its addresses one after the other.
    // Errors: "upstream.unavailable" (nothing of the request was sent), upstream_timeout_rule.
    static Task<std::unique_ptr<ClientConnection>> connect(
        std::shared_ptr<const UpstreamAddress> to, net::Deadlines& deadlines,
        std::chrono::milliseconds timeout);
    // To one address of it. Borrows `attempt` and `deadlines` until then. Errors: as of connect().
    static Task<std::unique_ptr<ClientConnection>> connect_to(
        std::shared_ptr<const UpstreamAddress> to, Endpoint endpoint, ConnectAttempt& attempt,
        net::Deadlines& deadlines, std::chrono::milliseconds timeout);

    // Reads the head of the final response to a request of `method`; skips 1xx before it, but not
    // 101. Views are valid until the next request.
    // Errors: upstream_closed_rule, "upstream.broken", "upstream.framing", upstream_timeout_rule.
    Task<const wire::ResponseHead*> read_head(wire::Method method);
    const wire::AdmittedResponse& admitted() const { return admitted_; }
    // The body of that response. Errors: as of BodyReader::read.
    Task<std::string_view> read_body() { return body_->read(); }
    bool body_is_received() const { return body_->is_received(); }

    // After the body: whether another request may be sent on this connection.
    bool is_reusable();
    // Bytes behind a 101.
    std::string_view early_bytes() const { return input_.view(); }

    net::Stream& stream() { return stream_; }
    std::string_view authority() const { return address_->authority; }

private:
    ClientConnection(std::shared_ptr<const UpstreamAddress> address, net::Socket socket,
                     net::Deadlines& deadlines, std::unique_ptr<net::TlsSession> tls)
        : address_(std::move(address)), stream_(std::move(socket), deadlines, std::move(tls)) {}
    Task<std::size_t> await_head();

    std::shared_ptr<const UpstreamAddress> address_;
    net::Stream stream_;
    InputBuffer input_;
    wire::ResponseHead head_;
    wire::AdmittedResponse admitted_;
    std::optional<BodyReader> body_;
};

}  // namespace merlon::http

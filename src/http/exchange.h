// The interface of one request and its response, as the stages of the gateway see it. HTTP/1.1
// implements it (connection.cc); an HTTP/2 stream will.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/task.h"
#include "http/response.h"
#include "net/peer_identity.h"
#include "net/stream.h"
#include "wire/admission.h"
#include "wire/head.h"

namespace merlon::http {

// The address of a peer that has none: at a Unix socket.
inline constexpr std::string_view unix_peer = "unix";

// The other end of the connection.
struct Peer {
    std::string address;  // textual IP address, or unix_peer
    bool is_tls = false;
    // The identity that its certificate proved, on every request of a listener with mutual TLS;
    // null elsewhere. Shared with work that outlives the connection.
    std::shared_ptr<const net::PeerIdentity> identity = nullptr;
};

// The client ended its side before its body's end.
inline constexpr std::string_view client_gone_rule = "client.gone";

// The error of a body that could not be read, as the request's: client_gone_rule, unless it was too
// slow.
Error as_client_error(Error error);

// Told that the client has gone while its response is being made: nobody will read this.
class ClientWatch {
public:
    virtual void client_left() = 0;

protected:
    ~ClientWatch() = default;
};

// The error of a request whose client has gone: no response is sent.
inline constexpr std::string_view client_left_rule = "client.left";

// Used on the worker's thread by one coroutine, or by two while one reads the body and the other
// sends the response. Lives until its handler returns. After a failure of any function the
// connection is lost; just return.
class Exchange {
public:
    virtual ~Exchange() = default;

    // Views into the connection's buffer, valid for the life of the exchange.
    virtual const wire::RequestHead& head() const = 0;
    virtual const wire::Admitted& admitted() const = 0;
    virtual const Peer& peer() const = 0;

    // From now on a longer body fails with "body.too_large".
    virtual void limit_body(std::uint64_t bytes_max) = 0;
    // The whole body may take so long, where that is longer than server.timeouts.upload.
    virtual void allow_upload_time(std::chrono::milliseconds total) = 0;
    // From now on the body is a secret: where it was received is overwritten after the request.
    virtual void keep_body_secret() = 0;
    // The next piece of the request's body, valid until the next call; empty: it has ended. The
    // first call sends 100 Continue where the client expects it. Errors: as of BodyReader::read.
    virtual Task<std::string_view> read_body() = 0;
    virtual bool body_is_done() const = 0;
    // Whether the whole body is received, so that one read_body() gives it.
    virtual bool body_is_received() const = 0;
    // Sends 100 Continue where the client expects it, for handlers that respond while they read the
    // body.
    virtual Task<> send_continue() = 0;
    // Makes a pending read_body() fail with "stream.closed"; a later one goes on where it was.
    virtual void cancel_read() = 0;

    // Whether the client has gone. A client that sends no more, but has sent what is not read yet,
    // such as a next request, waits for responses.
    virtual bool client_has_left() = 0;
    // Tells `watch` of it, once it is so; null: nobody any more. Not while somebody reads the body:
    // who does finds out.
    virtual void watch_client(ClientWatch* watch) = 0;

    // Sends a response with all of `body`; or begins one whose body follows by write(), each piece
    // sent before it returns, and finish(). The engine adds framing, Connection and Date, and sends
    // no body where HTTP has none (HEAD, 204, 304); BodyKind::None: there is none, and no length of
    // one either.
    virtual Task<> send(int status, const FieldLines& fields, std::string_view body) = 0;
    virtual Task<> begin(int status, const FieldLines& fields, wire::Framing body) = 0;
    virtual Task<> write(std::string_view piece) = 0;
    virtual Task<> finish() = 0;
    virtual bool has_begun() const = 0;

    // Bytes of the two bodies so far, without framing; nothing of what follows switch_protocols().
    virtual std::uint64_t body_bytes_read() const = 0;
    virtual std::uint64_t body_bytes_sent() const = 0;

    // Sends 101 and hands the connection over: what the client has sent already is appended to
    // `early`. The stream is closed when the handler returns.
    virtual Task<> switch_protocols(const FieldLines& fields, std::string& early) = 0;
    virtual net::Stream& stream() = 0;
};

// Serves the requests of a server. One per worker.
class Handler {
public:
    virtual ~Handler() = default;
    // Responds to the request. If it has not when this returns, the connection is closed.
    virtual Task<> serve(Exchange& exchange) = 0;
    // Whether many clients share the address: a proxy that is trusted to say whose requests it
    // passes on. Its connections do not count as one client's.
    virtual bool is_shared(const Peer&) const { return false; }
    // The server takes no more connections and ends when its requests have.
    virtual void drain() {}
    // Makes the response to a request whose head broke a rule. `head` has the fields that were read
    // before the rule was broken, and those are all of its values that hold; null: none was read,
    // since the head was too long or too slow to have an end.
    virtual Response refuse(const Peer& peer, const wire::RequestHead* head,
                            const Error& error) = 0;
};

}  // namespace merlon::http

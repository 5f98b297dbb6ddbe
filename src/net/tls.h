// TLS by OpenSSL: the server's certificates chosen by SNI, the client side towards upstreams, and
// the session that turns bytes of a socket into bytes of an application.
//
// A session talks to no socket: it takes what was received and gives what is to be sent. That
// leaves one system call for a request's records, as in the clear, and no copy of buffers Asio's
// own TLS stream would keep for every connection (70 KiB).
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/peer_identity.h"
#include "net/settings.h"

namespace merlon::net {

struct SslContextDeleter {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextDeleter>;

struct SslDeleter {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};

// What a TLS operation needs next.
enum class TlsNeed : std::uint8_t { Nothing, Input, Ended, Failed };

struct TlsStep {
    TlsNeed need;
    std::size_t bytes;  // read or written, with Nothing
};

// One TLS connection. Resource of its Stream; one thread.
class TlsSession {
public:
    // With `rules`, which it borrows for life, the peer's certificate has to name a peer that they
    // let in; its context has enable_peer_check().
    explicit TlsSession(std::unique_ptr<SSL, SslDeleter> ssl, const PeerRules* rules = nullptr);
    static void enable_peer_check(SSL_CTX* context) {
        SSL_CTX_set_cert_verify_callback(context, verify_peer, nullptr);
    }

    TlsStep handshake();
    TlsStep read(std::span<char> plain);
    // As read(), of one byte, which the next read gives again.
    TlsNeed peek();
    // Encrypts all of `plain` into output().
    TlsStep write(std::string_view plain);
    void shut_down();

    // Where the next received bytes go; received() says how many came. Only after TlsNeed::Input.
    std::span<char> input_space();
    void received(std::size_t bytes);
    // What is to be sent; the owner clears it once it is.
    std::string& output() { return output_; }

    std::string_view server_name() const;
    // After the handshake, where there are rules; null without. Shared with those whose work
    // outlives the connection.
    const std::shared_ptr<const PeerIdentity>& peer() const { return peer_; }
    // Why the handshake failed, for the operator.
    const std::string& failure() const { return failure_; }
    bool has_buffered_input() const { return input_begin_ < input_end_ || has_pending_; }
    // Whether read() needs no more of the network to say something; else it need not be asked.
    bool may_read() const { return has_buffered_input() || has_ended_; }

private:
    friend struct TlsBio;
    static int verify_peer(X509_STORE_CTX* chain, void*);
    TlsStep step(int result);
    void note_pending();
    void note_failure();
    bool has_whole_record() const;

    std::unique_ptr<SSL, SslDeleter> ssl_;
    std::unique_ptr<char[]> input_;
    std::size_t input_capacity_ = 0;
    std::size_t input_begin_ = 0;
    std::size_t input_end_ = 0;
    bool last_was_full_ = false;  // the last read filled the buffer: the next may be larger
    bool has_begun_ = false;      // the server's handshake
    bool has_pending_ = false;    // OpenSSL keeps input, read or not, since its last step
    bool has_ended_ = false;      // the peer has said that it sends no more
    std::string output_;
    const PeerRules* peer_rules_;
    std::shared_ptr<const PeerIdentity> peer_;
    std::string failure_;
};

// Which clients a server lets in.
struct TlsClients {
    std::string ca_path;  // PEM: the authorities that vouch for them
    PeerRules rules;
};

// What TlsClients asks of a context beside the rules: TLS 1.3, a certificate for clients by one of
// the authorities, no resumption. Fails with "tls.ca".
Result<> require_client_certificates(SSL_CTX* context, const std::string& ca_path);

// The server's side: TLS 1.2 and 1.3, ALPN "http/1.1", session tickets, one certificate per
// TlsSettings. Immutable: a reload makes another. Shared by all workers.
class TlsServerContext {
public:
    // With `clients`, mutual TLS: who has no certificate of theirs does not get through the
    // handshake. Fails with "tls.certificate", "tls.key" or "tls.ca", the detail naming the file.
    static Result<std::unique_ptr<TlsServerContext>> make(const std::vector<TlsSettings>& settings,
                                                          std::optional<TlsClients> clients = {});

    // Null when there are no settings: the server speaks in the clear. Errors as of make().
    static Result<std::shared_ptr<const TlsServerContext>> make_if_any(
        const std::vector<TlsSettings>& settings);

    std::unique_ptr<TlsSession> new_session() const;

private:
    struct Certificate {
        SslContext context;
        std::vector<std::string> names;  // lower case; may start with "*."
    };
    static Result<Certificate> load(const TlsSettings& settings);
    static int choose_certificate(SSL* ssl, void* self);
    SSL_CTX* find(std::string_view server_name) const;

    std::vector<Certificate> certificates_;  // the first is the default
    std::optional<TlsClients> clients_;
};

// What the client side is told about a server it connects to.
struct TlsClientSettings {
    std::string ca_path;           // PEM; empty: the system's
    std::string certificate_path;  // PEM chain for mTLS; empty: none
    std::string key_path;
    // Who the server may be; then its SPIFFE ID is what is verified, whatever its host is called.
    // Empty: the host's name is.
    std::vector<crypto::SpiffeId> server_ids;
};

class TlsClientContext {
public:
    // Fails with "tls.certificate", "tls.key" or "tls.ca", the detail naming the file.
    static Result<std::unique_ptr<TlsClientContext>> make(const TlsClientSettings& settings);

    // Verifies the server's certificate against `host`, a DNS name or an IP address, or against
    // the SPIFFE IDs. That the server does not like ours shows when something is read (RFC 8446
    // section 4.4.2): the handshake is over by then.
    std::unique_ptr<TlsSession> new_session(const std::string& host) const;

private:
    TlsClientContext(SslContext context, PeerRules servers)
        : context_(std::move(context)), servers_(std::move(servers)) {}
    SslContext context_;
    PeerRules servers_;
};

}  // namespace merlon::net

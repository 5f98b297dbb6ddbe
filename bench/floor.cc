// The floor: what relaying with a checked token costs when nothing is abstracted. One thread, one
// epoll, a kept connection to the upstream for each client's, one HMAC-SHA256 over the token a
// request, the same fields added in both directions as Merlon adds, nothing else: no parser, no
// limits, no time-outs, no errors. Nothing that does the work can cost less by much.
// `bench_floor PORT UPSTREAM_PORT SECRET`.
#include <openssl/evp.h>
#include <openssl/params.h>

#include <utility>

#include "socket.h"

using namespace merlon::bench;

namespace {

constexpr std::string_view request_fields =
    "X-Request-ID: 0190a6c2-9a1e-7c3b-8a55-3f1c2d4e5f60\r\n"
    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
    "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: localhost\r\n"
    "X-User-Id: 0190a6c2-9a1e-7c3b-8a55-3f1c2d4e5f60\r\nX-User-Email: ada@example.com\r\n"
    "X-User-Role: user\r\n"
    "X-User-Permissions: "
    "read:profile,write:profile,read:products,read:orders,write:orders,cancel:orders\r\n\r\n";

constexpr std::string_view answer_fields =
    "Content-Security-Policy: default-src 'self';base-uri 'self';font-src 'self' https: data:;"
    "form-action 'self';frame-ancestors 'self';img-src 'self' data: https:;object-src 'none';"
    "script-src 'self';script-src-attr 'none';style-src 'self' 'unsafe-inline';"
    "upgrade-insecure-requests\r\n"
    "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"
    "X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n"
    "X-XSS-Protection: 1; mode=block\r\nReferrer-Policy: strict-origin-when-cross-origin\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\nCross-Origin-Resource-Policy: same-origin\r\n"
    "Origin-Agent-Cluster: ?1\r\nX-DNS-Prefetch-Control: off\r\nX-Download-Options: noopen\r\n"
    "X-Permitted-Cross-Domain-Policies: none\r\n"
    "X-Request-ID: 0190a6c2-9a1e-7c3b-8a55-3f1c2d4e5f60\r\n"
    "RateLimit-Policy: 200000000;w=900\r\nRateLimit-Limit: 200000000\r\n"
    "RateLimit-Remaining: 199999999\r\nRateLimit-Reset: 900\r\n"
    "Date: Tue, 24 Nov 2026 12:00:00 GMT\r\n\r\n";

// One direction of a pair: what `socket` has sent, until it is a whole message for `peer`.
struct Side {
    int socket;
    Side* peer = nullptr;
    bool is_client;
    std::size_t bytes = 0;
    char input[8'192];
};

class Verifier {
public:
    explicit Verifier(std::string_view secret)
        : context_(EVP_MAC_CTX_new(EVP_MAC_fetch(nullptr, "HMAC", nullptr))) {
        char digest[] = "SHA256";
        const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0),
                                         OSSL_PARAM_construct_end()};
        if (EVP_MAC_init(context_, reinterpret_cast<const unsigned char*>(secret.data()),
                         secret.size(), parameters) != 1) {
            stop("HMAC");
        }
    }
    // Whether the token's signature, still as text, ends with what ours would be: one MAC and one
    // comparison, as a verifier has to do.
    bool verify(std::string_view signed_part, std::string_view signature) {
        unsigned char mac[32];
        std::size_t length = 0;
        EVP_MAC_init(context_, nullptr, 0, nullptr);
        EVP_MAC_update(context_, reinterpret_cast<const unsigned char*>(signed_part.data()),
                       signed_part.size());
        EVP_MAC_final(context_, mac, &length, sizeof mac);
        unsigned char text[48];
        EVP_EncodeBlock(text, mac, 32);
        unsigned difference = 0;
        for (std::size_t i = 0; i < 43; ++i) {
            const auto plain = static_cast<char>(text[i]);
            const char url = plain == '+' ? '-' : plain == '/' ? '_' : plain;
            difference |= static_cast<unsigned>(url ^ signature[i]);
        }
        return difference == 0;
    }

private:
    EVP_MAC_CTX* context_;
};

void relay(Side& from, std::size_t length, Verifier& verifier) {
    const std::string_view message(from.input, length);
    const std::size_t head_end = message.find("\r\n\r\n") + 2;
    if (from.is_client) {
        constexpr std::string_view field = "Authorization: Bearer ";
        const std::size_t token = message.find(field) + field.size();
        const std::size_t token_end = message.find('\r', token);
        if (!verifier.verify(message.substr(token, token_end - 44 - token),
                             message.substr(token_end - 43, 43))) {
            stop("a token does not verify");
        }
    }
    const std::string_view added = from.is_client ? request_fields : answer_fields;
    const iovec pieces[] = {
        {from.input, head_end},
        {const_cast<char*>(added.data()), added.size()},
        {from.input + head_end + 2, length - head_end - 2},
    };
    msghdr gathered{};
    gathered.msg_iov = const_cast<iovec*>(pieces);
    gathered.msg_iovlen = 3;
    if (::sendmsg(from.peer->socket, &gathered, MSG_NOSIGNAL) < 0) stop("sendmsg");
    std::memmove(from.input, from.input + length, from.bytes - length);
    from.bytes -= length;
}

// False when the peer has gone.
bool serve(Side& side, Verifier& verifier) {
    const ssize_t got =
        ::recv(side.socket, side.input + side.bytes, sizeof side.input - side.bytes, 0);
    if (got < 0 && errno == EAGAIN) return true;
    if (got <= 0) return false;
    side.bytes += static_cast<std::size_t>(got);
    while (const std::size_t length = whole_message({side.input, side.bytes}))
        relay(side, length, verifier);
    return true;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 4) stop("usage: bench_floor PORT UPSTREAM_PORT SECRET");
    const int listener = listen_on(std::atoi(arguments[1]));
    Verifier verifier(arguments[3]);
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    watch(epoll, listener, nullptr);
    while (true) {
        epoll_event events[256];
        const int ready = ::epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < ready; ++i) {
            auto* side = static_cast<Side*>(events[i].data.ptr);
            if (side == nullptr) {
                const int socket = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
                if (socket < 0) continue;
                send_at_once(socket);
                auto* client = new Side{socket, nullptr, true, 0, {}};
                client->peer = new Side{connect_to(std::atoi(arguments[2])), client, false, 0, {}};
                watch(epoll, client->socket, client);
                watch(epoll, client->peer->socket, client->peer);
            } else if (!serve(*side, verifier)) {
                // Both ends close; their memory stays, since an event of the other may wait.
                for (Side* end : {side, side->peer}) ::close(std::exchange(end->socket, -1));
            }
        }
    }
}

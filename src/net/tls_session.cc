// A TLS connection between two byte buffers: OpenSSL reads from one and writes to the other through
// a BIO of our own.
#include <openssl/bio.h>
#include <openssl/err.h>

#include <algorithm>
#include <cstring>

#include "net/tls.h"

namespace merlon::net {

// The BIO's functions; they see the session's buffers.
struct TlsBio {
    static TlsSession& session(BIO* bio) { return *static_cast<TlsSession*>(BIO_get_data(bio)); }

    static int read(BIO* bio, char* into, std::size_t size, std::size_t* read_bytes) {
        TlsSession& self = session(bio);
        BIO_clear_retry_flags(bio);
        const std::size_t bytes = std::min(size, self.input_end_ - self.input_begin_);
        if (bytes == 0) {
            BIO_set_retry_read(bio);
            return 0;
        }
        std::memcpy(into, self.input_.get() + self.input_begin_, bytes);
        self.input_begin_ += bytes;
        *read_bytes = bytes;
        return 1;
    }

    static int write(BIO* bio, const char* from, std::size_t size, std::size_t* written) {
        BIO_clear_retry_flags(bio);
        session(bio).output_.append(from, size);
        *written = size;
        return 1;
    }

    static long control(BIO*, int command, long, void*) {
        return command == BIO_CTRL_FLUSH || command == BIO_CTRL_PUSH || command == BIO_CTRL_POP;
    }

    // One immutable table for the process, as OpenSSL wants it; never freed.
    static const BIO_METHOD* method() {
        static const BIO_METHOD* const table = [] {
            BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "merlon");
            MERLON_ASSERT(made != nullptr);
            BIO_meth_set_read_ex(made, read);
            BIO_meth_set_write_ex(made, write);
            BIO_meth_set_ctrl(made, control);
            return made;
        }();
        return table;
    }
};

namespace {

// What others left in the thread's queue would be taken for our failure. Looking costs a tenth of
// clearing.
void forget_errors() {
    if (ERR_peek_error() != 0) ERR_clear_error();
}

// A request's records fit into the first; a peer that fills it is sending much and gets the second.
constexpr std::size_t input_bytes_first = 4 << 10;
constexpr std::size_t input_bytes_large = 32 << 10;

}  // namespace

TlsSession::TlsSession(std::unique_ptr<SSL, SslDeleter> ssl, const PeerRules* rules)
    : ssl_(std::move(ssl)), peer_rules_(rules) {
    SSL_set_app_data(ssl_.get(), this);
    BIO* bio = BIO_new(TlsBio::method());
    MERLON_ASSERT(bio != nullptr);
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
}

TlsStep TlsSession::step(int result) {
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            return {TlsNeed::Input, 0};
        case SSL_ERROR_ZERO_RETURN:
            return {TlsNeed::Ended, 0};
        default:
            note_failure();
            ERR_clear_error();
            return {TlsNeed::Failed, 0};
    }
}

// RFC 8446 section 5.1: type, two bytes of version, two of length, then that many.
bool TlsSession::has_whole_record() const {
    constexpr std::size_t head_bytes = 5;
    const auto* bytes = reinterpret_cast<const unsigned char*>(input_.get()) + input_begin_;
    const std::size_t count = input_end_ - input_begin_;
    if (count < head_bytes) return false;
    const std::size_t length = std::size_t{bytes[3]} << 8 | bytes[4];
    // What is no hello, such as a request in the clear, or longer than any record may be, is
    // OpenSSL's to refuse at once.
    const bool may_be_hello = bytes[0] == SSL3_RT_HANDSHAKE && length <= SSL3_RT_MAX_PLAIN_LENGTH;
    return !may_be_hello || count >= head_bytes + length;
}

TlsStep TlsSession::handshake() {
    // OpenSSL makes its buffers, 35 KiB, with the first byte it sees: a client that stalls before
    // its hello is whole has not earned them.
    if (!has_begun_ && SSL_is_server(ssl_.get())) {
        if (!has_whole_record()) return {TlsNeed::Input, 0};
        has_begun_ = true;
    }
    forget_errors();
    const int result = SSL_do_handshake(ssl_.get());
    TlsStep done = result == 1 ? TlsStep{TlsNeed::Nothing, 0} : step(result);
    note_pending();
    // However it came to pass that no certificate was judged, a session without an identity is
    // none.
    const bool is_nobody = peer_rules_ != nullptr && !peer_;
    if (done.need == TlsNeed::Nothing && is_nobody) done.need = TlsNeed::Failed;
    return done;
}

// Asked here, where it may change, and not by everybody who wants to know. Behind step(): what
// SSL_get_error() says is of the last call.
void TlsSession::note_pending() {
    has_pending_ = SSL_has_pending(ssl_.get()) != 0;
    has_ended_ = (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

TlsStep TlsSession::read(std::span<char> plain) {
    forget_errors();
    std::size_t bytes = 0;
    const int result = SSL_read_ex(ssl_.get(), plain.data(), plain.size(), &bytes);
    const TlsStep done = result == 1 ? TlsStep{TlsNeed::Nothing, bytes} : step(result);
    note_pending();
    return done;
}

TlsNeed TlsSession::peek() {
    forget_errors();
    char byte = 0;
    std::size_t bytes = 0;
    const int result = SSL_peek_ex(ssl_.get(), &byte, 1, &bytes);
    const TlsNeed need = result == 1 ? TlsNeed::Nothing : step(result).need;
    note_pending();
    return need;
}

// Nothing of the peer's is taken here, and our buffer takes all: it never has to wait, and a
// failure is final whatever stood in the queue of errors.
TlsStep TlsSession::write(std::string_view plain) {
    std::size_t bytes = 0;
    const int result = SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &bytes);
    return result == 1 ? TlsStep{TlsNeed::Nothing, bytes} : step(result);
}

void TlsSession::shut_down() {
    ERR_clear_error();
    if (SSL_is_init_finished(ssl_.get())) SSL_shutdown(ssl_.get());
    ERR_clear_error();
}

std::span<char> TlsSession::input_space() {
    // Wanted when OpenSSL has taken all there was, or while the first record is gathered for it.
    if (input_begin_ == input_end_) input_begin_ = input_end_ = 0;
    MERLON_ASSERT(input_begin_ == 0);
    const bool was_full = input_end_ == input_capacity_ || last_was_full_;
    if (was_full && input_capacity_ < input_bytes_large) {
        input_capacity_ = input_capacity_ == 0 ? input_bytes_first : input_bytes_large;
        auto larger = std::make_unique_for_overwrite<char[]>(input_capacity_);
        if (input_end_ > 0) std::memcpy(larger.get(), input_.get(), input_end_);
        input_ = std::move(larger);
    }
    return {input_.get() + input_end_, input_capacity_ - input_end_};
}

void TlsSession::received(std::size_t bytes) {
    input_end_ += bytes;
    last_was_full_ = input_end_ == input_capacity_;
}

std::string_view TlsSession::server_name() const {
    const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
    return name != nullptr ? std::string_view(name) : std::string_view();
}

}  // namespace merlon::net

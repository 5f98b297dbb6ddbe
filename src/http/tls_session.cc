// A TLS connection between two byte buffers: OpenSSL reads from one and writes to the other through
// a BIO of our own.
#include <openssl/bio.h>
#include <openssl/err.h>

#include <algorithm>
#include <cstring>

#include "http/tls.h"

namespace merlon::http {

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

// A request's records fit into the first; a peer that fills it is sending much and gets the second.
constexpr std::size_t input_bytes_first = 4 << 10;
constexpr std::size_t input_bytes_large = 32 << 10;

}  // namespace

TlsSession::TlsSession(std::unique_ptr<SSL, SslDeleter> ssl) : ssl_(std::move(ssl)) {
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
            ERR_clear_error();
            return {TlsNeed::Failed, 0};
    }
}

TlsStep TlsSession::handshake() {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    return result == 1 ? TlsStep{TlsNeed::Nothing, 0} : step(result);
}

TlsStep TlsSession::read(std::span<char> plain) {
    ERR_clear_error();
    std::size_t bytes = 0;
    const int result = SSL_read_ex(ssl_.get(), plain.data(), plain.size(), &bytes);
    return result == 1 ? TlsStep{TlsNeed::Nothing, bytes} : step(result);
}

TlsStep TlsSession::write(std::string_view plain) {
    ERR_clear_error();
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
    // Input is wanted only when OpenSSL has taken all there was.
    MERLON_ASSERT(input_begin_ == input_end_);
    const bool was_full = input_end_ == input_capacity_;
    input_begin_ = input_end_ = 0;
    if (was_full && input_capacity_ < input_bytes_large) {
        input_capacity_ = input_capacity_ == 0 ? input_bytes_first : input_bytes_large;
        input_ = std::make_unique_for_overwrite<char[]>(input_capacity_);
    }
    return {input_.get(), input_capacity_};
}

void TlsSession::received(std::size_t bytes) { input_end_ = bytes; }

std::string_view TlsSession::server_name() const {
    const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
    return name != nullptr ? std::string_view(name) : std::string_view();
}

}  // namespace merlon::http

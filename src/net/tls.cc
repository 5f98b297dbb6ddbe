// The TLS contexts of the server and of the client side.
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace merlon::net {
namespace {

// What OpenSSL says went wrong, for the operator.
std::string last_error() {
    char text[256];
    ERR_error_string_n(ERR_get_error(), text, sizeof text);
    ERR_clear_error();
    return text;
}

// ALPN (RFC 7301): the one protocol we speak. A client that offers only others is refused, so that
// its bytes are never read as a protocol it did not mean (ALPACA).
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
    static constexpr unsigned char protocols[] = "\x08http/1.1";
    unsigned char* match = nullptr;
    if (SSL_select_next_proto(&match, chosen_size, protocols, sizeof protocols - 1, offered,
                              offered_size) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *chosen = match;
    return SSL_TLSEXT_ERR_OK;
}

// Mozilla's "intermediate", in its order: forward secrecy and AEAD only, the cheapest first.
constexpr const char* tls13_ciphers =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* tls12_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

// `modes` beside those that every context has.
SslContext new_context(const SSL_METHOD* method, long modes) {
    SslContext context(SSL_CTX_new(method));
    MERLON_ASSERT(context != nullptr);
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_ciphersuites(context.get(), tls13_ciphers);
    SSL_CTX_set_cipher_list(context.get(), tls12_ciphers);
    SSL_CTX_set_mode(context.get(), SSL_MODE_AUTO_RETRY | modes);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                           SSL_OP_IGNORE_UNEXPECTED_EOF);
    return context;
}

// A pipe would hold up the start, or a reload, for as long as nobody writes to it.
Result<> require_regular(std::string_view rule, const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
        return fail(Kind::Invalid, rule, path + ": " + std::strerror(errno));
    }
    if (S_ISREG(status.st_mode)) return {};
    return fail(Kind::Invalid, rule, path + ": is no regular file");
}

// OpenSSL would ask the terminal.
int no_password(char*, int, int, void*) { return -1; }

Result<> load_pair(SSL_CTX* context, const std::string& certificate_path,
                   const std::string& key_path) {
    MERLON_TRY(require_regular("tls.certificate", certificate_path));
    MERLON_TRY(require_regular("tls.key", key_path));
    SSL_CTX_set_default_passwd_cb(context, no_password);
    if (SSL_CTX_use_certificate_chain_file(context, certificate_path.c_str()) != 1) {
        return fail(Kind::Invalid, "tls.certificate",
                    certificate_path + ": no certificate (PEM) can be read: " + last_error());
    }
    const bool has_key =
        SSL_CTX_use_PrivateKey_file(context, key_path.c_str(), SSL_FILETYPE_PEM) == 1;
    // A key of the certificate's type is compared when it is read; of another type it takes a place
    // of its own beside the certificate.
    const bool is_another = has_key ? SSL_CTX_check_private_key(context) != 1
                                    : ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_X509;
    if (is_another) {
        ERR_clear_error();
        return fail(Kind::Invalid, "tls.key", key_path + " is not the key of " + certificate_path);
    }
    if (has_key) return {};
    return fail(Kind::Invalid, "tls.key",
                key_path + ": no private key (PEM, not encrypted) can be read: " + last_error());
}

// The DNS names a certificate is for, lower case.
std::vector<std::string> names_of(const SSL_CTX* context) {
    std::vector<std::string> names;
    X509* certificate = SSL_CTX_get0_certificate(context);
    auto* all = static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(all, i);
        if (name->type != GEN_DNS) continue;
        const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
        names.push_back(
            text::to_lower({text, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))}));
    }
    GENERAL_NAMES_free(all);
    return names;
}

bool name_matches(std::string_view pattern, std::string_view name) {
    if (!pattern.starts_with("*.")) return pattern == name;
    // RFC 6125 section 6.4.3: the star stands for one whole label.
    const std::size_t dot = name.find('.');
    return dot != std::string_view::npos && dot > 0 && name.substr(dot) == pattern.substr(1);
}

bool is_address(const std::string& host) {
    ASN1_OCTET_STRING* const address = a2i_IPADDRESS(host.c_str());
    ERR_clear_error();
    const bool is_one = address != nullptr;
    ASN1_OCTET_STRING_free(address);
    return is_one;
}

}  // namespace

Result<TlsServerContext::Certificate> TlsServerContext::load(const TlsSettings& settings) {
    // Very many clients, most of them idle, each of which would keep 35 KiB.
    SslContext context = new_context(TLS_server_method(), SSL_MODE_RELEASE_BUFFERS);
    MERLON_TRY(load_pair(context.get(), settings.certificate_path, settings.key_path));
    SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
    // Resumption by tickets only: a server cache would be shared and locked by all workers.
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_session_id_context(context.get(), reinterpret_cast<const unsigned char*>("merlon"),
                                   6);
    std::vector<std::string> names = names_of(context.get());
    return Certificate{std::move(context), std::move(names)};
}

Result<std::unique_ptr<TlsServerContext>> TlsServerContext::make(
    const std::vector<TlsSettings>& settings, std::optional<TlsClients> clients) {
    auto self = std::make_unique<TlsServerContext>();
    for (const TlsSettings& one : settings) self->certificates_.push_back(MERLON_TRY(load(one)));
    self->clients_ = std::move(clients);
    for (Certificate& certificate : self->certificates_) {
        // Each of them: the one that SNI chooses brings its own authorities.
        if (self->clients_) {
            MERLON_TRY(
                require_client_certificates(certificate.context.get(), self->clients_->ca_path));
            TlsSession::enable_peer_check(certificate.context.get());
        }
        SSL_CTX_set_cert_cb(certificate.context.get(), choose_certificate, self.get());
    }
    return self;
}

SSL_CTX* TlsServerContext::find(std::string_view server_name) const {
    const std::string name = text::to_lower(server_name);
    for (const Certificate& certificate : certificates_) {
        for (const std::string& pattern : certificate.names) {
            if (name_matches(pattern, name)) return certificate.context.get();
        }
    }
    return certificates_.front().context.get();
}

int TlsServerContext::choose_certificate(SSL* ssl, void* self) {
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name != nullptr) {
        SSL_set_SSL_CTX(ssl, static_cast<TlsServerContext*>(self)->find(name));
    }
    return 1;
}

Result<std::shared_ptr<const TlsServerContext>> TlsServerContext::make_if_any(
    const std::vector<TlsSettings>& settings) {
    if (settings.empty()) return nullptr;
    return std::shared_ptr<const TlsServerContext>(MERLON_TRY(make(settings)));
}

std::unique_ptr<TlsSession> TlsServerContext::new_session() const {
    std::unique_ptr<SSL, SslDeleter> ssl(SSL_new(certificates_.front().context.get()));
    MERLON_ASSERT(ssl != nullptr);
    SSL_set_accept_state(ssl.get());
    return std::make_unique<TlsSession>(std::move(ssl), clients_ ? &clients_->rules : nullptr);
}

Result<std::unique_ptr<TlsClientContext>> TlsClientContext::make(
    const TlsClientSettings& settings) {
    // Few connections, all of them busy: they keep their buffers, and a record is read at once.
    SslContext context = new_context(TLS_client_method(), 0);
    SSL_CTX_set_read_ahead(context.get(), 1);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    const int loaded = settings.ca_path.empty()
                           ? SSL_CTX_set_default_verify_paths(context.get())
                           : SSL_CTX_load_verify_file(context.get(), settings.ca_path.c_str());
    if (loaded != 1) {
        return fail(Kind::Invalid, "tls.ca", settings.ca_path + ": " + last_error());
    }
    if (!settings.certificate_path.empty()) {
        MERLON_TRY(load_pair(context.get(), settings.certificate_path, settings.key_path));
    }
    if (!settings.server_ids.empty()) TlsSession::enable_peer_check(context.get());
    return std::unique_ptr<TlsClientContext>(
        new TlsClientContext(std::move(context), {.ids = settings.server_ids}));
}

std::unique_ptr<TlsSession> TlsClientContext::new_session(const std::string& host) const {
    std::unique_ptr<SSL, SslDeleter> ssl(SSL_new(context_.get()));
    MERLON_ASSERT(ssl != nullptr);
    SSL_set_connect_state(ssl.get());
    const bool by_id = !servers_.ids.empty();
    X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl.get());
    if (is_address(host)) {
        if (!by_id) X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str());
    } else {
        SSL_set_tlsext_host_name(ssl.get(), host.c_str());
        if (!by_id) SSL_set1_host(ssl.get(), host.c_str());
        SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    }
    return std::make_unique<TlsSession>(std::move(ssl), by_id ? &servers_ : nullptr);
}

}  // namespace merlon::net

// Mutual TLS: the peer is whom its certificate's SPIFFE ID names, as the X509-SVID document of the
// SPIFFE standards says.
//
// OpenSSL verifies the chain: signatures, times, purposes, path length, name constraints. What it
// knows nothing of comes after that and inside the handshake, so that who is refused is told by an
// alert and never becomes a connection.
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "net/tls.h"

namespace merlon::net {
namespace {

Result<crypto::Certificate> leaf_of(X509_STORE_CTX* chain) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(X509_STORE_CTX_get0_cert(chain), &der);
    if (size <= 0) return fail(Kind::Invalid, "certificate.malformed");
    auto leaf = crypto::Certificate::from_der(
        {reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
    OPENSSL_free(der);
    return leaf;
}

}  // namespace

Result<PeerIdentity> judge_peer(const crypto::Certificate& certificate, const PeerRules& rules) {
    crypto::SpiffeId id = MERLON_TRY(certificate.spiffe_id());
    const bool is_of_domain = rules.trust_domain.empty() || id.trust_domain() == rules.trust_domain;
    const bool is_named = rules.ids.empty() || std::ranges::find(rules.ids, id) != rules.ids.end();
    if (!is_of_domain || !is_named) return fail(Kind::Denied, "tls.peer", "it is " + id.text());
    return PeerIdentity{std::move(id), MERLON_TRY(certificate.verify_key())};
}

// In place of X509_verify_cert, which it calls first.
int TlsSession::verify_peer(X509_STORE_CTX* chain, void*) {
    if (X509_verify_cert(chain) != 1) return 0;
    auto* const ssl =
        static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* const self = static_cast<TlsSession*>(SSL_get_app_data(ssl));
    const auto leaf = leaf_of(chain);
    auto peer = leaf ? judge_peer(*leaf, *self->peer_rules_)
                     : Result<PeerIdentity>(std::unexpected(leaf.error()));
    if (!peer) {
        self->failure_ = std::string(peer.error().rule) + ": " + peer.error().detail;
        X509_STORE_CTX_set_error(chain, X509_V_ERR_APPLICATION_VERIFICATION);
        return 0;
    }
    self->peer_ = std::make_shared<const PeerIdentity>(*std::move(peer));
    return 1;
}

void TlsSession::note_failure() {
    if (!failure_.empty()) return;
    if (const long verdict = SSL_get_verify_result(ssl_.get()); verdict != X509_V_OK) {
        failure_ = X509_verify_cert_error_string(verdict);
    } else if (const char* reason = ERR_reason_error_string(ERR_peek_last_error())) {
        failure_ = reason;
    }
}

Result<> require_client_certificates(SSL_CTX* context, const std::string& ca_path) {
    // OpenSSL takes a file without a certificate for a success.
    STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(ca_path.c_str());
    if (names == nullptr || sk_X509_NAME_num(names) == 0 ||
        SSL_CTX_load_verify_file(context, ca_path.c_str()) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        ERR_clear_error();
        return fail(Kind::Invalid, "tls.ca", ca_path + ": no certificates that can be read");
    }
    SSL_CTX_set_client_CA_list(context, names);
    // Before 1.3 a client's certificate crosses the network in the clear.
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    // No resumption: a ticket would carry an identity past the check of its certificate, which may
    // have expired or lost its authority since. Services keep their connections instead.
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
    return {};
}

}  // namespace merlon::net

// Who a peer proved to be by its certificate, and which peers are let in. A certificate is read
// once, at the end of its handshake: behind it nobody parses names again.
#pragma once

#include <string>
#include <vector>

#include "crypto/certificate.h"

namespace merlon::net {

// Value; immutable for the connection's life.
struct PeerIdentity {
    crypto::SpiffeId id;
    // Its certificate's, so that what it signed can be told from what another sends along.
    crypto::VerifyKey key;
};

// Whom of those that the authorities vouch for we speak to.
struct PeerRules {
    std::string trust_domain;           // empty: every one
    std::vector<crypto::SpiffeId> ids;  // empty: every workload
};

// Of a certificate whose chain has been verified. Errors: "certificate.identity", "key.…", and
// "tls.peer" (Denied): it is somebody else.
Result<PeerIdentity> judge_peer(const crypto::Certificate& certificate, const PeerRules& rules);

}  // namespace merlon::net

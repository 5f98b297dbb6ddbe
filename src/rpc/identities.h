// Maps role names to SPIFFE IDs, certificates and addresses.
#pragma once

#include <memory>

#include "crypto/signature.h"
#include "crypto/spiffe_id.h"
#include "http/client.h"
#include "net/tls.h"
#include "rpc/settings.h"

namespace merlon::rpc {

// spiffe://DOMAIN/ns/NAMESPACE/sa/NAME, unless `name` is a SPIFFE ID itself. Errors: those of
// SpiffeId.
Result<crypto::SpiffeId> id_of(const FleetSettings& fleet, std::string_view name);

// The files of a role's certificate, its key, and the certificate authorities.
std::vector<std::string> certificate_files(const FleetSettings& fleet, std::string_view role);

std::string certificate_path(const FleetSettings& fleet, std::string_view role);

using Addresses = std::vector<std::shared_ptr<const http::UpstreamAddress>>;
// The addresses of the role `to` for the role `as`, which presents its own certificate and accepts
// only that of `to`. Errors:
// those of parse_upstream.
Result<Addresses> addresses_of(const FleetSettings& fleet, std::string_view to,
                               std::string_view as);

// Of a role's listener, for these callers. Errors: those of TlsServerContext::make.
Result<std::shared_ptr<const net::TlsServerContext>> listener_tls(
    const FleetSettings& fleet, std::string_view role, std::vector<crypto::SpiffeId> callers);

// The key of a role's certificate. Errors: "tls.key", the detail naming the file.
Result<std::shared_ptr<const crypto::SigningKey>> certificate_key(const FleetSettings& fleet,
                                                                  std::string_view role);

}  // namespace merlon::rpc

// Copies a service's certificates and identity into TLS settings.
#include "gateway/snapshot/service_tls.h"

namespace merlon::gateway {

Result<net::TlsClientSettings> tls_of(const ServiceSettings& service) {
    net::TlsClientSettings tls{service.ca_path, service.certificate_path, service.key_path, {}};
    if (!service.identity.empty()) {
        tls.server_ids.push_back(MERLON_TRY(crypto::SpiffeId::parse(service.identity)));
    }
    return tls;
}

}  // namespace merlon::gateway

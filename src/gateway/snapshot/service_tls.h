// Makes the TLS settings with which the gateway calls a service.
#pragma once

#include "gateway/snapshot/settings.h"
#include "net/tls.h"

namespace merlon::gateway {

// Of a declared service. Errors: those of SpiffeId::parse.
Result<net::TlsClientSettings> tls_of(const ServiceSettings& service);

}  // namespace merlon::gateway

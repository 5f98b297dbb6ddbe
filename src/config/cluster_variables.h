// Recognizes the variables that Kubernetes sets in every container beside a Service.
#pragma once

#include <string_view>

namespace merlon::config {

// Whether the variable is one that Kubernetes (or a link of Docker) makes of a Service named
// merlon or merlon-…: MERLON_SERVICE_HOST, MERLON_PORT=tcp://10.0.0.7:8080,
// MERLON_PORT_8080_TCP_ADDR. MERLON_PORT=8080 is somebody's setting that we do not have.
// Source: kubernetes.io, "Accessing the Service", environment variables.
bool is_cluster_variable(std::string_view name, std::string_view value);

}  // namespace merlon::config

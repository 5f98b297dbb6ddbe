// What Kubernetes sets beside a Service is no setting of ours; what a person mistyped still is one.
#include "config/cluster_variables.h"

#include <gtest/gtest.h>

namespace merlon::config {
namespace {

TEST(ClusterVariables, AreToldFromSettingsByNameAndValue) {
    const struct {
        const char* name;
        const char* value;
        bool is_clusters;
    } cases[] = {
        {"MERLON_SERVICE_HOST", "10.0.0.7", true},
        {"MERLON_SERVICE_PORT", "8080", true},
        {"MERLON_SERVICE_PORT_HTTP", "8080", true},
        {"MERLON_PORT", "tcp://10.0.0.7:8080", true},
        {"MERLON_PORT_8080_TCP", "tcp://10.0.0.7:8080", true},
        {"MERLON_PORT_8080_TCP_PROTO", "tcp", true},
        {"MERLON_PORT_8080_TCP_PORT", "8080", true},
        {"MERLON_PORT_8080_TCP_ADDR", "10.0.0.7", true},
        {"MERLON_PORT_53_UDP_ADDR", "10.0.0.7", true},
        {"MERLON_AUTH_SERVICE_HOST", "10.0.0.7", true},  // the Service merlon-auth
        {"MERLON_AUTH_PORT_8443_TCP_ADDR", "10.0.0.7", true},
        {"MERLON_AUTH_PORT", "tcp://10.0.0.7:8443", true},
        {"MERLON_PORT", "8080", false},
        {"MERLON_PORT_TCP", "tcp://10.0.0.7:8080", false},
        {"MERLON_PORT_8080_TCP_NAME", "x", false},
        {"MERLON_PORT_8080_HTTP", "x", false},
        {"MERLON_SERVICE_PORTS", "8080", false},
        {"MERLON_SERVICE", "x", false},
        {"MERLON_SERVER__SERVICE_HOST", "x", false},
        {"REDIS_SERVICE_HOST", "x", false},
    };
    for (const auto& [name, value, is_clusters] : cases) {
        EXPECT_EQ(is_cluster_variable(name, value), is_clusters) << name << "=" << value;
    }
}

}  // namespace
}  // namespace merlon::config

// The gateway's name among the roles: in certificates, settings and lists of callers.
#pragma once

#include <string_view>

namespace merlon::rpc {

inline constexpr std::string_view gateway_name = "gateway";

}  // namespace merlon::rpc

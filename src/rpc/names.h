// The names by which roles know each other: of their listeners, certificates and settings.
#pragma once

#include <string_view>

namespace merlon::rpc {

inline constexpr std::string_view gateway_name = "gateway";

}  // namespace merlon::rpc

// How commands end (contract.md, "Command line"): 0 done, 1 failed or findings, and these.
#pragma once

namespace merlon::cli {

inline constexpr int exit_usage = 2;
inline constexpr int exit_unavailable = 69;
inline constexpr int exit_not_permitted = 77;
inline constexpr int exit_configuration = 78;

}  // namespace merlon::cli

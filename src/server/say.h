// Prints a message for the operator.
#pragma once

#include <cstdio>
#include <string>

namespace merlon::server {

// On standard error, which is for messages (contract.md, "Command line").
inline void say(const std::string& line) { std::fprintf(stderr, "merlon: %s\n", line.c_str()); }

}  // namespace merlon::server

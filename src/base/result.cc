// Stops the process when its own code broke a promise.
#include "base/result.h"

#include <cstdio>
#include <cstdlib>

namespace merlon {

void assertion_failed(const char* condition, const char* file, int line) {
    std::fprintf(stderr, "merlon: broken promise: %s (%s:%d)\n", condition, file, line);
    std::abort();
}

}  // namespace merlon

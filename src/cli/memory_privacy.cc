// Makes the process not dumpable.
#include "cli/memory_privacy.h"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace merlon::cli {

void forbid_dumps() {
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
    // Neither can fail for a process that gives up a right of its own.
    ::prctl(PR_SET_DUMPABLE, 0);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
#endif
}

}  // namespace merlon::cli

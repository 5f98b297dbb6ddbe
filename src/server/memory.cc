// Asks glibc's allocator how much it keeps.
#include "server/memory.h"

#include <malloc.h>

#include <cstddef>

namespace merlon::server {

void return_free_memory() {
    constexpr std::size_t kept_bytes_max = 16 << 20;
    const struct mallinfo2 state = ::mallinfo2();
    // keepcost: at the end of the heap, where free() returns memory by itself.
    if (state.fordblks - state.keepcost > kept_bytes_max) ::malloc_trim(kept_bytes_max / 4);
}

}  // namespace merlon::server

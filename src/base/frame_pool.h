// Memory of coroutine frames. A request makes and ends a dozen of them, always of the same few
// sizes, so each thread keeps the blocks it freed.
#pragma once

#include <cstddef>

namespace merlon {

// From any thread; freed on any thread, with the same size.
void* allocate_frame(std::size_t bytes);
void free_frame(void* frame, std::size_t bytes);

}  // namespace merlon

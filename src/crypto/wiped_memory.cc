// Gives OpenSSL functions of memory that overwrite.
#include "crypto/wiped_memory.h"

#include <malloc.h>
#include <openssl/crypto.h>

#include <cstdlib>
#include <cstring>

#include "base/result.h"
#include "base/secret.h"

namespace merlon::crypto {
namespace {

void* allocate(std::size_t bytes, const char*, int) {
    return bytes == 0 ? nullptr : std::malloc(bytes);
}

void release(void* memory, const char*, int) {
    if (memory == nullptr) return;
    wipe({static_cast<std::byte*>(memory), ::malloc_usable_size(memory)});
    std::free(memory);
}

// Not by realloc(3), which may move the bytes and leave them behind.
void* reallocate(void* memory, std::size_t bytes, const char* file, int line) {
    const std::size_t held = memory != nullptr ? ::malloc_usable_size(memory) : 0;
    if (bytes != 0 && bytes <= held) return memory;
    void* larger = allocate(bytes, file, line);
    if (larger == nullptr && bytes != 0) return nullptr;
    if (larger != nullptr && held > 0) std::memcpy(larger, memory, held);
    release(memory, file, line);
    return larger;
}

}  // namespace

void wipe_freed_memory() {
    MERLON_ASSERT(CRYPTO_set_mem_functions(allocate, reallocate, release) == 1);
}

}  // namespace merlon::crypto

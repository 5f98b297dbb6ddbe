// Looking a name up, for as long as the control file says: a resolver that does not answer.
#include <dlfcn.h>
#include <netdb.h>
#include <unistd.h>

#include "control.h"

namespace {

void wait_as_told() {
    constexpr std::uint32_t step_ms = 10;
    const machine::Control* told = machine::control();
    for (std::uint32_t waited_ms = 0;
         told != nullptr && waited_ms < told->lookup_delay_ms.load(std::memory_order_relaxed);
         waited_ms += step_ms) {
        ::usleep(step_ms * 1'000);
    }
}

}  // namespace

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** found) {
    wait_as_told();
    using Lookup = decltype(&::getaddrinfo);
    static const auto real = reinterpret_cast<Lookup>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    return real(node, service, hints, found);
}

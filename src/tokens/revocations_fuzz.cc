// What another process tells of its revocations is taken over whole or said not to be; what this
// set tells in turn is what it took.
#include <cstddef>
#include <cstdint>
#include <memory>

#include "tokens/revocations.h"

namespace {

// At the epoch everything that is told is still to come.
class StandingClock final : public merlon::Clock {
public:
    merlon::WallTime wall() const override { return {}; }
    merlon::SteadyTime steady() const override { return {}; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using merlon::tokens::Revocations;
    const std::string_view told(reinterpret_cast<const char*>(data), size);
    const StandingClock clock;
    const auto here = std::make_unique<Revocations>(clock);
    const std::uint64_t before = here->generation();
    const bool is_whole = here->take_over(told);
    const std::uint64_t added = here->generation() - before;
    MERLON_ASSERT(here->size() <= added);
    MERLON_ASSERT(added <= (size + 1) / sizeof("0198f3a2-0000-7000-8000-000000000000/1/1"));
    const std::string again = here->told_since(before);
    if (again == Revocations::untold) return 0;
    const auto there = std::make_unique<Revocations>(clock);
    MERLON_ASSERT(there->take_over(again) && there->size() == here->size());
    if (is_whole) MERLON_ASSERT(again.empty() || again.size() <= size + 1);
    return 0;
}

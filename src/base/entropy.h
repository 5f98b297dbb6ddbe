// Randomness as a constructor argument: the kernel's in production, a seeded one in tests.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>

namespace merlon {

class Entropy {
public:
    virtual ~Entropy() = default;
    // Fills all of `bytes` with unpredictable bytes. Cannot fail: without entropy the process
    // stops.
    virtual void fill(std::span<std::byte> bytes) = 0;

    std::string bytes(std::size_t count);
};

// getrandom(2). Safe from every thread.
class SystemEntropy final : public Entropy {
public:
    void fill(std::span<std::byte> bytes) override;
};

// Repeatable bytes from a seed. For tests only; not safe from several threads.
class SeededEntropy final : public Entropy {
public:
    explicit SeededEntropy(std::uint64_t seed) : engine_(seed) {}
    void fill(std::span<std::byte> bytes) override;

private:
    std::mt19937_64 engine_;
};

}  // namespace merlon

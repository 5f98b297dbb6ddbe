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

// Another entropy's bytes, fetched a page at a time, for identifiers made on the request path,
// where a system call for each would show. Not for keys: bytes wait in memory. One thread only.
class BufferedEntropy final : public Entropy {
public:
    explicit BufferedEntropy(Entropy& source) : source_(source) {}
    void fill(std::span<std::byte> bytes) override;

private:
    Entropy& source_;
    std::array<std::byte, 4'096> buffer_;
    std::size_t used_ = sizeof(buffer_);
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

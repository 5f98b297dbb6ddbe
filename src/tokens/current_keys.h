// Our own keys as they are now: who signs puts a changed ring in, the verifiers of all workers
// read.
#pragma once

#include <atomic>
#include <memory>

#include "base/current.h"
#include "tokens/keyring.h"

namespace merlon::tokens {

// Safe from every thread.
class CurrentKeys final {
public:
    explicit CurrentKeys(std::shared_ptr<const Keyring> ring) : ring_(std::move(ring)) {}

    // Shared with who is verifying: a change may come meanwhile.
    std::shared_ptr<const Keyring> ring() const { return ring_.load(); }

    // When this returns, no verification that begins finds a key that is not in `ring`.
    void replace(std::shared_ptr<const Keyring> ring) {
        ring_.store(std::move(ring));
        generation_.fetch_add(1, std::memory_order_release);
    }

    // Changes after every replace(): what was verified at another generation is to be verified
    // again. Read it before verifying.
    std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

private:
    Current<Keyring> ring_;
    std::atomic<std::uint64_t> generation_{1};
};

}  // namespace merlon::tokens

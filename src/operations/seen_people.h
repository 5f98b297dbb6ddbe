// Finds a person who stands in a file twice, for a dry run, which has nobody in a store to find.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>

#include "identity/accounts/import_outcome.h"

namespace merlon::operations {

// It knows people by 64 bits of a digest: of a million, two are taken for one once in 30 million
// times. One thread.
class SeenPeople final {
public:
    // Some 80 MB; beyond, those who come are not remembered.
    static constexpr std::size_t remembered_max = 1'000'000;

    // Turns the outcome of one that was imported, had it been no dry run, into what the store would
    // have said to it behind those that were judged before.
    void judge(identity::ImportOutcome& outcome);
    bool is_full() const { return address_of_.size() >= remembered_max; }

private:
    std::unordered_map<std::uint64_t, std::uint64_t> address_of_;  // by id
    std::unordered_set<std::uint64_t> addresses_;
};

}  // namespace merlon::operations

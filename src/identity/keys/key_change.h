// Lets one change of signing keys happen at a time.
#pragma once

#include <atomic>
#include <memory>

#include "base/result.h"

namespace merlon::identity {

// A change writes the keys, then puts the new rings in force: of two at once, the older rings could
// be put in force last. Hold one from before the write until after that.
class KeyChange final {
public:
    // Never waits. Error: "key.changing" (Conflict).
    static Result<KeyChange> begin(std::atomic<bool>& changing) {
        if (changing.exchange(true)) {
            return fail(Kind::Conflict, "key.changing",
                        "another change of keys is under way: try again");
        }
        return KeyChange(&changing);
    }

private:
    struct End {
        void operator()(std::atomic<bool>* changing) const { changing->store(false); }
    };
    explicit KeyChange(std::atomic<bool>* changing) : changing_(changing) {}

    std::unique_ptr<std::atomic<bool>, End> changing_;  // borrowed; the end is what it owns
};

}  // namespace merlon::identity

// What a role of this folder works with.
#pragma once

#include "base/clock.h"
#include "base/entropy.h"
#include "storage/database.h"

namespace merlon::api {

// Borrowed for its life; all safe from every thread.
struct Parts {
    storage::Database& database;
    const Clock& clock;
    Entropy& entropy;
};

}  // namespace merlon::api

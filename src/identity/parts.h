// What identity works with.
#pragma once

#include "base/clock.h"
#include "base/entropy.h"
#include "base/metrics.h"
#include "events/refusals.h"
#include "identity/shared_state.h"
#include "sealing/key_store.h"
#include "storage/database.h"
#include "tokens/revocations.h"

namespace merlon::identity {

// Borrowed for its life; all safe from every thread.
struct Parts {
    storage::Database& database;
    sealing::KeyStore& keys;
    tokens::Revocations& revocations;
    events::Refusals& refusals;
    events::EventSink& events;
    metrics::Registry& metrics;
    const Clock& clock;
    Entropy& entropy;
    SharedState* shared;  // null: there is no Redis
};

}  // namespace merlon::identity

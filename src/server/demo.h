// Fills an empty store with demo data: products, three users, and their orders of the past hour.
// The roles' own functions create everything, on a clock that the demo sets.
#pragma once

#include "config/settings.h"
#include "events/event.h"
#include "identity/identity.h"
#include "installation/stores.h"

namespace merlon::server {

// What the demo works with. Borrowed for the call.
struct DemoEnvironment {
    installation::Stores& stores;
    events::EventSink& events;
    const Clock& clock;
    Entropy& entropy;
    identity::Identity& identity;
};

// Fills a store that holds nothing but the first admin, and prints the passwords of the people it
// makes on standard error: random ones, shown this once. Leaves a store that it has filled before
// as it is, and says so. Call it when the roles' tables exist and before serving: it blocks.
// Errors: "demo.services" (Invalid: products or orders are disabled), "demo.store_in_use"
// (Conflict), and those of the roles, after which the store is filled in part.
Result<> fill_demo(DemoEnvironment environment, const config::Settings& settings);

}  // namespace merlon::server

// An installation to try things out on: a catalogue, three people, and what they ordered in the
// past hour. Everything is made by the roles' own functions, on a clock that the demo sets.
#pragma once

#include "config/settings.h"
#include "events/event.h"
#include "identity/identity.h"
#include "installation/stores.h"

namespace merlon::server {

// What the demo works on. Borrowed for the call.
struct DemoParts {
    installation::Stores& stores;
    events::EventSink& events;
    const Clock& clock;
    Entropy& entropy;
    identity::Identity& identity;
};

// Fills a store that holds nothing but the first admin, and prints the passwords of the people it
// makes on standard error: random ones, shown this once. Leaves a store that it has filled before
// as it is, and says so. The roles' tables are there, and nothing is served yet: it blocks. Errors:
// "demo.services" (Invalid: the catalogue or the orders are disabled), "demo.store_in_use"
// (Conflict), and those of the roles, after which the store is filled in part.
Result<> fill_demo(DemoParts parts, const config::Settings& settings);

}  // namespace merlon::server

// Looks whether a store is there before anything opens it, which would make it.
#pragma once

#include "base/clock.h"
#include "config/settings.h"

namespace merlon::installation {

enum class StoreState : std::uint8_t {
    Absent,  // nothing of it: the first start has not been
    Whole,   // the tables of this release
};

// Of what an operator's commands open: auth's tables, its outbox and the key store. Changes
// nothing. Errors: "store.not_current" (Conflict: some of the tables are there, or of another
// release), and those of open_snapshot() and report_migrations().
Result<StoreState> look_at_store(const config::Settings& settings, const Clock& clock);

}  // namespace merlon::installation

// Asks a database now and then whether it answers, for merlon_store_up, and says on standard error
// what went wrong with it.
#pragma once

#include "base/metrics.h"
#include "storage/database.h"

namespace merlon::installation {

// Resource; one thread, the loop's. Borrows the database and the registry for life; outlives the
// loop's work.
class StoreProbe final {
public:
    // Up from the start: opening it was a success.
    StoreProbe(std::string store, storage::Database& database, metrics::Registry& metrics);

    // Asks, unless the last question still waits for its answer.
    void ask(Executor loop);

private:
    void tell(const std::string& failure);

    storage::Database& database_;
    std::string told_;
    metrics::Gauge& up_;
    bool is_asking_ = false;
};

}  // namespace merlon::installation

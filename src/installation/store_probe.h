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
    struct State {
        std::string_view store;    // the name of its metric
        bool is_up;                // whether it answers reads
        std::string_view failure;  // of the last minute; empty: none
    };

    // Up from the start: opening it was a success.
    StoreProbe(std::string store, storage::Database& database, metrics::Registry& metrics);

    State state() const { return {store_, up_.value() != 0, failure_}; }

    // Asks, unless the last question still waits for its answer.
    void ask(Executor loop);

private:
    void tell(const std::string& failure);

    // So many questions in a row, five seconds apart, without a failure in between.
    static constexpr int quiet_asks_min = 12;

    storage::Database& database_;
    std::string store_;
    std::string told_;
    std::string failure_;
    int quiet_asks_ = 0;
    metrics::Gauge& up_;
    bool is_asking_ = false;
};

}  // namespace merlon::installation

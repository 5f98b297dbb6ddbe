// One small read, through the same queue as everybody's.
#include "installation/store_probe.h"

#include <cstdio>

#include "base/spawn.h"

namespace merlon::installation {

StoreProbe::StoreProbe(std::string store, storage::Database& database, metrics::Registry& metrics)
    : database_(database),
      store_(std::move(store)),
      up_(metrics.gauge("merlon_store_up", "whether the store answers: 1, or 0",
                        {{"store", store_}})) {
    up_.set(1);
}

// Once, until it changes or is over.
void StoreProbe::tell(const std::string& failure) {
    if (!failure.empty()) {
        failure_ = failure;
        quiet_asks_ = 0;
    } else if (++quiet_asks_ >= quiet_asks_min) {
        failure_.clear();
    }
    if (failure == told_) return;
    told_ = failure;
    if (failure.empty()) return;
    std::fprintf(stderr, "merlon: store: %s\n", failure.c_str());
}

void StoreProbe::ask(Executor loop) {
    tell(database_.take_failure());
    // An answer that has not come within the time between two questions is none.
    if (is_asking_) return up_.set(0);
    is_asking_ = true;
    spawn(loop, database_.query("SELECT count(*) FROM schema_migrations"),
          [this](const Result<storage::Rows>& rows) {
              is_asking_ = false;
              up_.set(rows ? 1 : 0);
          });
}

}  // namespace merlon::installation

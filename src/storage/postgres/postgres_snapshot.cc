// Runs the loop of its connection for as long as a statement takes.
#include "storage/postgres/postgres_snapshot.h"

#include "base/spawn.h"

namespace merlon::storage {
namespace {

// How late a deadline may be noticed.
constexpr std::chrono::milliseconds looked_after_every{100};

}  // namespace

Result<std::unique_ptr<PostgresSnapshot>> PostgresSnapshot::open(
    std::shared_ptr<const PostgresSettings> settings, const Clock& clock) {
    std::unique_ptr<PostgresSnapshot> snapshot(new PostgresSnapshot(std::move(settings), clock));
    MERLON_TRY(snapshot->run(snapshot->begin()));
    return snapshot;
}

PostgresSnapshot::PostgresSnapshot(std::shared_ptr<const PostgresSettings> settings,
                                   const Clock& clock)
    : settings_(std::move(settings)),
      clock_(clock),
      connection_(
          std::make_unique<PostgresConnection>(loop_.get_executor(), clock_, *settings_, note_)) {}

PostgresSnapshot::~PostgresSnapshot() = default;

Task<> PostgresSnapshot::begin() {
    MERLON_CO_TRY(co_await connection_->connect());
    transaction_.emplace(*connection_, Isolation::Snapshot);
    // Between two statements is the writing of a batch elsewhere. The moment is that of this one.
    MERLON_CO_TRY(co_await transaction_->give_time());
    co_return Result<>{};
}

Task<Rows> PostgresSnapshot::query(Sql sql, Parameters parameters) {
    co_return run(transaction_->query(sql, std::move(parameters)));
}

// The caller's thread is the command's, which has nothing else to do.
template <class T>
Result<T> PostgresSnapshot::run(Task<T> task) {
    std::optional<Result<T>> result;
    spawn(loop_.get_executor(), std::move(task),
          [&](Result<T> done) { result.emplace(std::move(done)); });
    loop_.restart();
    while (!result) {
        loop_.run_for(looked_after_every);
        if (clock_.steady() > connection_->deadline()) connection_->give_up();
    }
    return *std::move(result);
}

}  // namespace merlon::storage

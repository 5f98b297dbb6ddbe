// What the adapters' snapshots have in common: nothing is written to them.
#pragma once

#include "storage/database.h"

namespace merlon::storage {

// Somebody wants to write to a snapshot (Conflict): a fault of the program.
inline constexpr std::string_view read_only_rule = "storage.read_only";

// A Database that only reads, at one moment.
class Snapshot : public Database {
public:
    Task<> transact_work(Work) override { co_return refuse(); }
    Task<> transact_work_by_row(Work) override { co_return refuse(); }
    Task<> transact_alone(Work) override { co_return refuse(); }
    // Nothing ever changes.
    void on_notice(Sql, std::function<void()>) override {}
    std::string take_failure() override { return {}; }
    bool is_shared() const override { return false; }

private:
    static Result<> refuse() { return fail(Kind::Conflict, read_only_rule); }
};

}  // namespace merlon::storage

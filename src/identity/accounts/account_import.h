// Takes people over from another system, with their ids and their passwords' hashes, some hundred
// at a time.
//
// Two stores have no transaction in common, and an import may be killed at any moment and run
// again. So the keys come first, noted as pending; the accounts and their event follow in one
// transaction. Of a batch that ends in between, the next run finds the same keys; if none comes,
// AbandonedKeys finds them. An import itself destroys no key: the id of a refused line may be that
// of a living person.
#pragma once

#include <string>
#include <vector>

#include "identity/accounts/accounts.h"
#include "identity/accounts/import_lines.h"
#include "identity/keys/token_policy.h"
#include "identity/store/account_events.h"

namespace merlon::identity {

struct ImportBatch {
    enum class Mode : std::uint8_t { Store, DryRun };
    std::string lines;  // separated by line feeds
    std::string run;    // the identifier of the import that it is part of, for its event
    Mode mode = Mode::Store;
};

// Safe from every thread. Borrows all for its life.
class AccountImport final {
public:
    AccountImport(storage::Database& database, sealing::KeyStore& keys, Accounts& accounts,
                  AccountEvents& events, const CurrentTokenPolicy& policy,
                  const api::NameSettings& names, const Clock& clock)
        : database_(database),
          keys_(keys),
          accounts_(accounts),
          events_(events),
          policy_(policy),
          lines_(names),
          clock_(clock) {}

    // What became of each line but the blank ones, in their order. A dry run judges each by itself.
    // Errors: "import.batch" (Invalid: too many lines), and those of Database and KeyStore, after
    // which all of the batch may be stored, or nothing: run it again.
    Task<ImportOutcomes> run(ImportBatch batch);

private:
    struct Candidate;
    struct Stored;
    struct Rows;
    Task<> look_up(Candidate* candidate);
    Task<Stored> store(std::vector<Candidate> candidates, std::string run);
    Task<Rows> seal(std::vector<Candidate> candidates);
    static Task<Stored> insert_all(storage::Transaction& transaction, Rows rows);

    storage::Database& database_;
    sealing::KeyStore& keys_;
    Accounts& accounts_;
    AccountEvents& events_;
    const CurrentTokenPolicy& policy_;
    const ImportLines lines_;
    const Clock& clock_;
};

}  // namespace merlon::identity

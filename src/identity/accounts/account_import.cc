// Looks up who is there already, then stores the others. Read run() first.
#include "identity/accounts/account_import.h"

#include <map>

#include "base/text.h"
#include "identity/accounts/account_counts.h"
#include "identity/store/schema.h"

namespace merlon::identity {
namespace {

using storage::Blob;
using storage::Transaction;

// What registration gives: any other role in a file is worth a warning.
constexpr std::string_view usual_role = "user";

// "admin 2, user 510"
std::string roles_text(const std::map<std::string, std::int64_t>& roles) {
    std::string text;
    for (const auto& [role, count] : roles) {
        if (!text.empty()) text += ", ";
        text += role + " " + std::to_string(count);
    }
    return text;
}

}  // namespace

// A line, and what the stores say to it.
struct AccountImport::Candidate : ImportLine {
    std::string address_index = {};
    std::optional<AbandonedAddress> abandoned = {};
};

// What a batch writes.
struct AccountImport::Rows {
    std::vector<SealedAccount> accounts;
    std::vector<AbandonedAddress> released;
    AccountEvent event;
};

struct AccountImport::Stored {
    std::vector<std::string> ids = {};
    std::vector<bool> is_stored = {};  // by account
    AccountEvent event;
};

Task<ImportOutcomes> AccountImport::run(ImportBatch batch) {
    auto lines = MERLON_CO_TRY(lines_.judge(batch.lines, *policy_.load()->roles, clock_.wall()));
    std::vector<Candidate> candidates;
    for (ImportLine& line : lines) {
        candidates.push_back({std::move(line)});
        MERLON_CO_TRY(co_await look_up(&candidates.back()));
    }
    if (batch.mode == ImportBatch::Mode::Store) {
        const Stored stored = MERLON_CO_TRY(co_await store(candidates, std::move(batch.run)));
        std::size_t account = 0;
        for (Candidate& one : candidates) {
            if (!one.is_to_store() || stored.is_stored[account++]) continue;
            // Another line of the batch, or another process, was there first.
            MERLON_CO_TRY(co_await look_up(&one));
            if (one.is_to_store()) co_return fail(Kind::Conflict, Accounts::changed);
        }
    }
    ImportOutcomes outcomes;
    for (Candidate& one : candidates) {
        if (batch.mode == ImportBatch::Mode::DryRun && one.is_to_store()) {
            one.outcome.id = one.person->id;
            one.outcome.address = text::to_hex(one.address_index);
        }
        outcomes.push_back(std::move(one.outcome));
    }
    co_return outcomes;
}

// Compares one that passed so far with the accounts there are.
Task<> AccountImport::look_up(Candidate* candidate) {
    if (!candidate->is_to_store()) co_return Result<>{};
    const ImportedPerson& person = *candidate->person;
    candidate->address_index = accounts_.index_of(person.email);
    const storage::Rows rows = MERLON_CO_TRY(co_await database_.query(
        "SELECT id, email_index FROM accounts WHERE id = $1 OR email_index = $2",
        {person.id, Blob{candidate->address_index}}));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i].text(0) != person.id) continue;
        if (rows[i].blob(1) == candidate->address_index) {
            candidate->outcome = {.line = candidate->outcome.line,
                                  .kind = ImportOutcome::Kind::Present};
        } else {
            candidate->outcome = ImportLines::id_taken(candidate->outcome.line);
        }
        co_return Result<>{};
    }
    if (rows.empty()) co_return Result<>{};
    auto abandoned = co_await accounts_.require_free(person.email);
    if (!abandoned && abandoned.error().rule == Accounts::email_taken) {
        candidate->outcome = ImportLines::address_taken(candidate->outcome.line);
        co_return Result<>{};
    }
    candidate->abandoned = MERLON_CO_TRY(Result<std::optional<AbandonedAddress>>(abandoned));
    co_return Result<>{};
}

Task<AccountImport::Stored> AccountImport::store(std::vector<Candidate> candidates,
                                                 std::string run) {
    std::erase_if(candidates, [](const Candidate& one) { return !one.is_to_store(); });
    if (candidates.empty()) co_return Stored{.event = {}};
    Rows rows = MERLON_CO_TRY(co_await seal(std::move(candidates)));
    rows.event = events_.make_without_client(events::Type::AdminAction, {});
    rows.event.event.details = {
        {"by", "operator"}, {"action", "user.import"}, {"run", std::move(run)}};
    Stored stored = MERLON_CO_TRY(co_await database_.transact<Stored>(
        [rows](Transaction& transaction) { return insert_all(transaction, rows); }));
    if (stored.ids.empty()) co_return stored;
    events_.log(stored.event);
    // Those that were not stored stay pending, for AbandonedKeys to judge.
    MERLON_CO_TRY(co_await sealing::pending_people::forget_all(&keys_.database(), stored.ids));
    co_return stored;
}

Task<AccountImport::Rows> AccountImport::seal(std::vector<Candidate> candidates) {
    std::vector<std::string> ids;
    for (const Candidate& one : candidates) ids.push_back(one.person->id);
    const auto keys =
        MERLON_CO_TRY(co_await keys_.obtain_many_pending(std::move(ids), std::string(auth_role)));
    Rows rows;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        Candidate& one = candidates[i];
        ImportedPerson& person = *one.person;
        Account account{.id = person.id,
                        .first_name = std::move(person.first_name),
                        .last_name = std::move(person.last_name),
                        .role = std::move(person.role),
                        .password = std::move(person.hash),
                        .created_at = person.created_at.value_or(clock_.wall())};
        rows.accounts.push_back(accounts_.seal_with(*keys[i], std::move(account), person.email));
        if (one.abandoned) rows.released.push_back(*std::move(one.abandoned));
    }
    co_return rows;
}

Task<AccountImport::Stored> AccountImport::insert_all(Transaction& transaction, Rows rows) {
    for (AbandonedAddress& address : rows.released) {
        MERLON_CO_TRY(co_await Accounts::release(transaction, std::move(address)));
    }
    Stored stored{.event = std::move(rows.event)};
    std::map<std::string, std::int64_t> roles;
    for (SealedAccount& account : rows.accounts) {
        std::string id = account.id;
        std::string role = account.role;
        stored.is_stored.push_back(
            MERLON_CO_TRY(co_await Accounts::insert_if_new(transaction, std::move(account))));
        if (!stored.is_stored.back()) continue;
        stored.ids.push_back(std::move(id));
        ++roles[std::move(role)];
    }
    if (stored.ids.empty()) co_return stored;
    for (const auto& [role, count] : roles) {
        MERLON_CO_TRY(co_await account_counts::add(&transaction, role, count));
        if (role != usual_role) stored.event.event.severity = events::Severity::Warning;
    }
    stored.event.event.details.emplace_back("accounts", std::to_string(stored.ids.size()));
    stored.event.event.details.emplace_back("roles", roles_text(roles));
    MERLON_CO_TRY(co_await AccountEvents::store(transaction, stored.event));
    co_return stored;
}

}  // namespace merlon::identity

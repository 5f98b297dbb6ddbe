// Judges the lines of a batch, then stores those that passed. Read run() first.
#include "identity/accounts/account_import.h"

#include <map>

#include "base/text.h"
#include "identity/accounts/account_counts.h"
#include "identity/accounts/declared_role.h"
#include "identity/store/schema.h"

namespace merlon::identity {
namespace {

using storage::Blob;
using storage::Transaction;

// What registration gives: any other role in a file is worth a warning.
constexpr std::string_view usual_role = "user";

// For people, and without what stands in the line: a report may go to others than the file.
std::string sentence_of(const Error& error) {
    if (const auto* fields = std::get_if<FieldErrors>(&error.payload)) {
        std::string all;
        for (const FieldError& one : *fields) {
            if (!all.empty()) all += ", ";
            all += one.message;
        }
        return all;
    }
    if (breaks_rule(error, "json.")) {
        return "the line is not one JSON object in UTF-8 in which each member stands once";
    }
    return error.detail;
}

ImportOutcome refusal(std::size_t line, std::string_view rule, std::string message) {
    return {.line = line,
            .kind = ImportOutcome::Kind::Refused,
            .rule = std::string(rule),
            .message = std::move(message)};
}

// "admin 2, user 510"
std::string roles_text(const std::map<std::string, std::int64_t>& roles) {
    std::string text;
    for (const auto& [role, count] : roles) {
        if (!text.empty()) text += ", ";
        text += role + " " + std::to_string(count);
    }
    return text;
}

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

// A line, and what is to become of it.
struct AccountImport::Candidate {
    ImportOutcome outcome = {};
    std::optional<ImportedPerson> person = {};  // empty: refused before it was read to the end
    std::string address_index = {};
    std::optional<AbandonedAddress> abandoned = {};

    bool is_to_store() const { return outcome.kind == ImportOutcome::Kind::Imported; }
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

ImportOutcome AccountImport::id_taken(std::size_t line) {
    return refusal(line, id_taken_rule, "an account of this id has another address");
}

ImportOutcome AccountImport::address_taken(std::size_t line) {
    return refusal(line, Accounts::email_taken, "an account of another id has this address");
}

Task<ImportOutcomes> AccountImport::run(ImportBatch batch) {
    std::vector<Candidate> candidates = MERLON_CO_TRY(judge_all(batch.lines));
    for (Candidate& one : candidates) MERLON_CO_TRY(co_await look_up(&one));
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

Result<std::vector<AccountImport::Candidate>> AccountImport::judge_all(
    std::string_view lines) const {
    std::vector<Candidate> candidates;
    std::size_t number = 0;
    for (std::size_t begin = 0; begin < lines.size(); ++number) {
        if (number == lines_max) return fail(Kind::Invalid, "import.batch", "too many lines");
        const std::size_t end = std::min(lines.find('\n', begin), lines.size());
        const std::string_view line = lines.substr(begin, end - begin);
        begin = end + 1;
        if (is_blank(line)) continue;
        candidates.push_back(judge(line));
        candidates.back().outcome.line = number;
    }
    return candidates;
}

AccountImport::Candidate AccountImport::judge(std::string_view line) const {
    Candidate candidate;
    auto person = form_.parse(line, clock_.wall());
    const Result<> judged = person ? require_role(*policy_.load()->roles, person->role)
                                   : std::unexpected(person.error());
    if (!judged) {
        candidate.outcome = refusal(0, judged.error().rule, sentence_of(judged.error()));
        return candidate;
    }
    candidate.outcome = {.kind = ImportOutcome::Kind::Imported,
                         .role = person->role,
                         .has_password = !person->hash.empty(),
                         .is_verified = person->is_verified};
    candidate.address_index = accounts_.index_of(person->email);
    candidate.person = *std::move(person);
    return candidate;
}

// Compares one that passed so far with the accounts there are.
Task<> AccountImport::look_up(Candidate* candidate) {
    if (!candidate->is_to_store()) co_return Result<>{};
    const ImportedPerson& person = *candidate->person;
    const storage::Rows rows = MERLON_CO_TRY(co_await database_.query(
        "SELECT id, email_index FROM accounts WHERE id = $1 OR email_index = $2",
        {person.id, Blob{candidate->address_index}}));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i].text(0) != person.id) continue;
        if (rows[i].blob(1) == candidate->address_index) {
            candidate->outcome = {.line = candidate->outcome.line,
                                  .kind = ImportOutcome::Kind::Present};
        } else {
            candidate->outcome = id_taken(candidate->outcome.line);
        }
        co_return Result<>{};
    }
    if (rows.empty()) co_return Result<>{};
    auto abandoned = co_await accounts_.require_free(person.email);
    if (!abandoned && abandoned.error().rule == Accounts::email_taken) {
        candidate->outcome = address_taken(candidate->outcome.line);
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

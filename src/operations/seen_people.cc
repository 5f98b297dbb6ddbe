// First by the id, then by the address, as AccountImport does.
#include "operations/seen_people.h"

#include <functional>

#include "identity/accounts/import_lines.h"

namespace merlon::operations {

using identity::ImportOutcome;

void SeenPeople::judge(ImportOutcome& outcome) {
    if (outcome.kind != ImportOutcome::Kind::Imported) return;
    const std::hash<std::string> digest;
    const std::uint64_t id = digest(outcome.id);
    const std::uint64_t address = digest(outcome.address);
    const auto known = address_of_.find(id);
    if (known != address_of_.end() && known->second == address) {
        outcome = {.line = outcome.line, .kind = ImportOutcome::Kind::Present};
    } else if (known != address_of_.end()) {
        outcome = identity::ImportLines::id_taken(outcome.line);
    } else if (addresses_.contains(address)) {
        outcome = identity::ImportLines::address_taken(outcome.line);
    } else if (!is_full()) {
        address_of_.emplace(id, address);
        addresses_.insert(address);
    }
}

}  // namespace merlon::operations

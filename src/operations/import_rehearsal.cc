// Judges the lines of a command without a store.
#include "operations/import_rehearsal.h"

#include <boost/json.hpp>

#include "base/text.h"
#include "crypto/digest.h"
#include "operations/run_command.h"
#include "wire/json.h"

namespace merlon::operations {

Result<std::string> ImportRehearsal::run(const std::string& command) const {
    const auto parsed =
        MERLON_TRY(wire::parse_json(command, {.bytes = command_bytes_max, .depth = 2}));
    const auto lines = text::from_base64url(std::string_view(parsed.at("lines").get_string()));
    MERLON_ASSERT(lines.has_value());  // PeopleImport's own text
    identity::ImportOutcomes outcomes;
    auto judged = MERLON_TRY(lines_.judge(*lines, settings_.roles, clock_.wall()));
    for (identity::ImportLine& line : judged) {
        if (line.is_to_store()) {
            line.outcome.id = line.person->id;
            // Instead of the blind index, for which there is no key yet.
            line.outcome.address =
                text::to_hex(crypto::as_text(crypto::sha256(line.person->email.canonical())));
        }
        outcomes.push_back(std::move(line.outcome));
    }
    return identity::to_json(outcomes);
}

}  // namespace merlon::operations

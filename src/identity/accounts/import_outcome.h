// What became of each line of an import: in the process that imports a value, between it and the
// operator's command JSON.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace merlon::identity {

// A value.
struct ImportOutcome {
    enum class Kind : std::uint8_t {
        Imported,  // or would be, in a dry run
        Present,   // an account of this id and this address was there, and is as it was
        Refused,
    };
    std::size_t line = 0;  // the first of a batch is 0
    Kind kind = Kind::Refused;

    // Of an imported one.
    std::string role;
    bool has_password = false;
    bool is_verified = false;
    // Of one that a dry run found no fault with: by which the command finds the next one of the
    // same person in the file.
    std::string id;
    std::string address;  // the blind index, hexadecimal

    // Of a refused one.
    std::string rule;
    std::string message;  // a sentence that repeats nothing of the line's values
};

using ImportOutcomes = std::vector<ImportOutcome>;

std::string to_json(std::span<const ImportOutcome> outcomes);
// Error: "import.answer" (Corrupt).
Result<ImportOutcomes> parse_import_outcomes(std::string_view json);

}  // namespace merlon::identity

// Whether a copy of the data and a copy of the keys belong together.
#pragma once

#include <filesystem>

#include "operations/backup/manifest.h"
#include "operations/backup/people.h"

namespace merlon::operations {

// They do not (Conflict); the detail says what is missing.
inline constexpr std::string_view mismatch_rule = "backup.mismatch";
// They were made from other tables than this release's (Conflict).
inline constexpr std::string_view schema_differs_rule = "backup.schema";

// Keys that were copied before the data lack whoever came in between.
enum class OlderKeys : std::uint8_t { Refused, Accepted };

struct Copy {
    Manifest manifest;
    std::filesystem::path folder;
};

// A pair is two copies of one installation of which the keys' was not taken before the data's: of
// one backup, or of two. Data of Monday with keys of Tuesday are right, and often all that there
// is, since copies of keys are kept for a short time only.
//
// Errors: mismatch_rule, schema_differs_rule.
Result<> require_pair(const Copy& data, const Copy& keys, OlderKeys older,
                      const MissingKeys& found);

}  // namespace merlon::operations

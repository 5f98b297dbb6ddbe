// Where copies are kept: two folders that have nothing in common, and in each a folder for a copy,
// which has its name only once it is whole.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "config/settings.h"

namespace merlon::operations {

// The places of data and keys are the same, or one is in the other (Invalid).
inline constexpr std::string_view places_rule = "backup.places";
// Another backup is at work there (Conflict).
inline constexpr std::string_view busy_rule = "backup.busy";

// Where the two parts of a backup go, or come from.
struct Places {
    std::string data;
    std::string keys;
};

// However their paths are spelled, and through links. Error: places_rule.
Result<> require_apart(const Places& places);
// Neither is the folder of the data, of the key store or of the master key: who copies that folder
// would have all of them. Error: places_rule.
Result<> require_beside_no_store(const config::Settings& settings, const Places& places);

// A folder that is being filled. Whoever is killed meanwhile leaves it under a name that begins
// with a dot and ends in .partial: the next one there removes it. Resource.
class Draft final {
public:
    // Makes `place` when it is absent, its owner's alone, and locks it for as long as this lives.
    // Errors: busy_rule, "storage.unavailable", "file.unwritable".
    static Result<std::unique_ptr<Draft>> open(const std::filesystem::path& place,
                                               const std::string& name);
    // Removes what has not been finished.
    ~Draft();
    Draft(const Draft&) = delete;

    // Where to write.
    const std::filesystem::path& folder() const { return draft_; }
    // Where it will be.
    const std::filesystem::path& target() const { return target_; }
    // Syncs the folder and gives it its name. Files in it are synced already.
    Result<> finish();

private:
    explicit Draft(int lock) : lock_(lock) {}

    int lock_;
    std::filesystem::path draft_;
    std::filesystem::path target_;
};

}  // namespace merlon::operations

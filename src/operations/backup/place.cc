// Folders, their locks and their names.
#include "operations/backup/place.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "storage/sqlite/private_file.h"

namespace merlon::operations {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view unwritable_rule = "file.unwritable";
constexpr std::string_view partial_end = ".partial";
constexpr const char* lock_name = ".merlon-backup.lock";

std::unexpected<Error> unwritable(const fs::path& path) {
    return fail(Kind::Unavailable, unwritable_rule,
                fmt::format("{}: {}", path.string(), std::strerror(errno)));
}

fs::path real_path(const std::string& path) {
    std::error_code ignored;
    const fs::path absolute = fs::absolute(path, ignored);
    const fs::path real = fs::weakly_canonical(absolute, ignored);
    const fs::path plain = real.empty() ? absolute.lexically_normal() : real;
    return plain.has_filename() ? plain : plain.parent_path();  // without a slash at its end
}

// By name, and by what is there: a folder may be mounted in two places.
bool is_within(const fs::path& inner, const fs::path& outer) {
    for (fs::path at = inner;; at = at.parent_path()) {
        std::error_code absent;
        if (at == outer || fs::equivalent(at, outer, absent)) return true;
        if (at == at.parent_path()) return false;
    }
}

// Of backups that were killed: whoever holds the lock is the only one at work.
void remove_partials(const fs::path& place) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(place, ignored)) {
        const std::string name = entry.path().filename().string();
        const bool is_partial = name.starts_with(".merlon-") && name.ends_with(partial_end);
        if (is_partial && entry.symlink_status(ignored).type() == fs::file_type::directory) {
            fs::remove_all(entry.path(), ignored);
        }
    }
}

// Whoever may write to the place may put another copy where ours is. One that everybody may write
// to was not meant for its group either: it becomes its owner's alone. A sticky one lets only a
// file's owner replace it.
Result<> narrow(const fs::path& place) {
    struct stat status{};
    if (::stat(place.c_str(), &status) != 0) return unwritable(place);
    const bool is_open = (status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0;
    if (!is_open || ::chmod(place.c_str(), status.st_mode & 07700) == 0) return {};
    return fail(Kind::Unavailable, unwritable_rule,
                fmt::format("{}: everybody may write there, and replace copies: chmod 700 failed",
                            place.string()));
}

}  // namespace

Result<> require_apart(const Places& places) {
    if (places.data.empty() || places.keys.empty()) {
        return fail(Kind::Invalid, places_rule, "say where both are: --data and --keys");
    }
    const fs::path data = real_path(places.data);
    const fs::path keys = real_path(places.keys);
    if (!is_within(data, keys) && !is_within(keys, data)) return {};
    return fail(Kind::Invalid, places_rule,
                fmt::format("{} and {} are the same folder, or one is in the other: whoever copies "
                            "one would have both, and destroying a person's key would no longer "
                            "make that person's data unreadable in old copies. Give the keys a "
                            "place of their own",
                            data.string(), keys.string()));
}

Result<> require_beside_no_store(const config::Settings& settings, const Places& places) {
    std::vector<fs::path> stores{settings.store.folder,
                                 fs::path(settings.keys.master_path).parent_path()};
    if (const auto* file = std::get_if<storage::SqliteSettings>(&settings.keys.database)) {
        stores.push_back(fs::path(file->path).parent_path());
    }
    for (const std::string& place : {places.data, places.keys}) {
        for (const fs::path& store : stores) {
            if (real_path(place) != real_path(store.empty() ? "." : store.string())) continue;
            return fail(Kind::Invalid, places_rule,
                        fmt::format("{} is where the store or the master key is: give the copies a "
                                    "place of their own",
                                    place));
        }
    }
    return {};
}

Result<std::unique_ptr<Draft>> Draft::open(const fs::path& place, const std::string& name) {
    if (std::error_code ignored; fs::exists(place, ignored)) MERLON_TRY(narrow(place));
    MERLON_TRY(storage::make_private_folder(place));
    const fs::path lock_path = place / lock_name;
    const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lock < 0) return unwritable(lock_path);
    std::unique_ptr<Draft> draft(new Draft(lock));
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return unwritable(lock_path);
        return fail(Kind::Conflict, busy_rule,
                    "another backup is at work in " + place.string() + ": wait for its end");
    }
    remove_partials(place);
    const fs::path partial = place / fmt::format(".{}{}", name, partial_end);
    if (::mkdir(partial.c_str(), 0700) != 0) return unwritable(partial);
    draft->draft_ = partial;
    draft->target_ = place / name;
    return draft;
}

Draft::~Draft() {
    std::error_code ignored;
    if (!draft_.empty()) fs::remove_all(draft_, ignored);
    ::close(lock_);
}

Result<> Draft::finish() {
    MERLON_TRY(storage::sync_folder(draft_));
    if (::rename(draft_.c_str(), target_.c_str()) != 0) return unwritable(target_);
    draft_.clear();
    return storage::sync_folder(target_.parent_path());
}

}  // namespace merlon::operations

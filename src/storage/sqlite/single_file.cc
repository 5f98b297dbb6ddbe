// PRAGMA journal_mode = DELETE, then fsync.
#include "storage/sqlite/single_file.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace merlon::storage {
namespace {

struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};

std::unexpected<Error> failure(const std::filesystem::path& path, std::string_view why) {
    return fail(Kind::Unavailable, "storage.unavailable", path.string() + ": " + std::string(why));
}

Result<> fold(const std::filesystem::path& path) {
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &opened,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    const std::unique_ptr<sqlite3, Close> handle(opened);
    if (code != SQLITE_OK || sqlite3_exec(opened, "PRAGMA journal_mode = DELETE", nullptr, nullptr,
                                          nullptr) != SQLITE_OK) {
        return failure(path, opened != nullptr ? sqlite3_errmsg(opened) : "out of memory");
    }
    return {};
}

}  // namespace

Result<> make_single_file(const std::filesystem::path& path) {
    MERLON_TRY(fold(path));
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    const bool is_synced = file >= 0 && ::fsync(file) == 0;
    const int why = errno;
    if (file >= 0) ::close(file);
    if (!is_synced) return failure(path, std::strerror(why));
    return {};
}

}  // namespace merlon::storage

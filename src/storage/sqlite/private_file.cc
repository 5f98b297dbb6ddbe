// Making database files that only their owner can read.
#include "storage/sqlite/private_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace merlon::storage {
namespace {

std::unexpected<Error> file_failure(const std::filesystem::path& path, std::string_view what) {
    return fail(Kind::Unavailable, "storage.unavailable",
                fmt::format("{}: {}: {}", path.string(), what, file_error_text(errno)));
}

Result<> make_folder(const std::filesystem::path& folder, mode_t mode) {
    std::error_code ignored;
    if (!folder.empty() && !std::filesystem::exists(folder, ignored)) {
        MERLON_TRY(make_folder(folder.parent_path(), 0777));
        if (::mkdir(folder.c_str(), mode) != 0 && errno != EEXIST) {
            return file_failure(folder, "cannot make the directory");
        }
    }
    return sync_folder(folder.parent_path());
}

// Whoever may write to a folder may put another file in the place of ours, whatever its own mode
// is. A sticky folder, such as /tmp, lets only a file's owner do that.
Result<> keep_others_out(const std::filesystem::path& folder) {
    const char* path = folder.empty() ? "." : folder.c_str();
    struct stat status{};
    if (::stat(path, &status) != 0) return file_failure(folder, "cannot look at the directory");
    const bool is_open = (status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0;
    if (!is_open || ::chmod(path, status.st_mode & 07777 & ~S_IWOTH) == 0) return {};
    return file_failure(path, "others can replace its files; chmod o-w failed");
}

}  // namespace

std::string file_error_text(int error) {
    const bool is_full = error == ENOSPC || error == EDQUOT;
    return is_full ? "the disk is full: make room on it, or raise the quota" : std::strerror(error);
}

Result<> sync_folder(const std::filesystem::path& folder) {
    const char* path = folder.empty() ? "." : folder.c_str();
    const int directory = ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0 && errno == EACCES) return {};
    if (directory < 0) return file_failure(folder, "cannot open the directory");
    const bool synced = ::fsync(directory) == 0 || errno == EINVAL;
    const int why = errno;
    ::close(directory);
    errno = why;
    if (!synced) return file_failure(folder, "cannot sync the directory");
    return {};
}

Result<> make_private_folder(const std::filesystem::path& folder) {
    MERLON_TRY(make_folder(folder, 0700));
    return keep_others_out(folder);
}

Result<> make_private_file(const std::filesystem::path& path) {
    MERLON_TRY(make_private_folder(path.parent_path()));
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return file_failure(path, "cannot open the database for writing");
    struct stat status{};
    const bool exposed = ::fstat(file, &status) == 0 && (status.st_mode & 077) != 0;
    const bool closed_up = !exposed || ::fchmod(file, 0600) == 0;
    ::close(file);
    if (!closed_up) return file_failure(path, "others can read the database; chmod 600 failed");
    return sync_folder(path.parent_path());
}

}  // namespace merlon::storage

// Making database files that only their owner can read.
#include "storage/private_file.h"

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
                fmt::format("{}: {}: {}", path.string(), what, std::strerror(errno)));
}

}  // namespace

Result<> make_private_file(const std::filesystem::path& path) {
    const std::filesystem::path folder = path.parent_path();
    std::error_code ignored;
    if (!folder.empty() && !std::filesystem::exists(folder, ignored)) {
        std::error_code error;
        std::filesystem::create_directories(folder.parent_path(), error);
        if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
            return file_failure(folder, "cannot make the directory");
        }
    }
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return file_failure(path, "cannot open the database for writing");
    struct stat status{};
    const bool exposed = ::fstat(file, &status) == 0 && (status.st_mode & 077) != 0;
    const bool closed_up = !exposed || ::fchmod(file, 0600) == 0;
    ::close(file);
    if (!closed_up) return file_failure(path, "others can read the database; chmod 600 failed");
    return {};
}

}  // namespace merlon::storage

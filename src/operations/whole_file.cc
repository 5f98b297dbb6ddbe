// Writes a file under another name, syncs it, then renames it.
#include "operations/whole_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "storage/sqlite/private_file.h"

namespace merlon::operations {
namespace {

std::unexpected<Error> unwritable(const std::filesystem::path& path) {
    return fail(Kind::Unavailable, "file.unwritable",
                fmt::format("{}: {}", path.string(), std::strerror(errno)));
}

bool write_all(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

// A file that is gone with this, unless it has been renamed.
class Draft {
public:
    Draft(const std::filesystem::path& target, Entropy& entropy)
        : path_(target.parent_path() / fmt::format(".{}.{}", target.filename().string(),
                                                   text::to_hex(entropy.bytes(8)))) {}
    ~Draft() { ::unlink(path_.c_str()); }
    Draft(const Draft&) = delete;
    Draft& operator=(const Draft&) = delete;

    const std::filesystem::path& path() const { return path_; }

    Result<> write(std::string_view bytes, mode_t mode) {
        // Private from the first moment; whoever may read more may do so when it is whole.
        const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                mode_private);
        if (file < 0) return unwritable(path_);
        const bool is_done =
            write_all(file, bytes) && ::fchmod(file, mode) == 0 && ::fsync(file) == 0;
        const int why = errno;
        ::close(file);
        errno = why;
        if (!is_done) return unwritable(path_);
        return {};
    }

private:
    std::filesystem::path path_;
};

}  // namespace

Result<> create_whole_file(const std::filesystem::path& path, std::string_view bytes, mode_t mode,
                           Entropy& entropy) {
    Draft draft(path, entropy);
    MERLON_TRY(draft.write(bytes, mode));
    // Unlike rename(2), link(2) refuses a name that is taken, in one step.
    if (::link(draft.path().c_str(), path.c_str()) != 0) {
        if (errno != EEXIST) return unwritable(path);
        return fail(Kind::Conflict, "file.exists", path.string() + " is there already");
    }
    return storage::sync_folder(path.parent_path());
}

Result<> replace_whole_file(const std::filesystem::path& path, std::string_view bytes, mode_t mode,
                            Entropy& entropy) {
    Draft draft(path, entropy);
    MERLON_TRY(draft.write(bytes, mode));
    if (::rename(draft.path().c_str(), path.c_str()) != 0) return unwritable(path);
    return storage::sync_folder(path.parent_path());
}

}  // namespace merlon::operations

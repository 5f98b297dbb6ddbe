// Reading and making the master key's file.
#include "sealing/master_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/file_descriptor.h"
#include "base/text.h"
#include "storage/sqlite/private_file.h"

namespace merlon::sealing {
namespace {

std::unexpected<Error> unavailable(const std::string& path) {
    return fail(Kind::Unavailable, "keys.unavailable",
                path + ": " + storage::file_error_text(errno));
}

Result<Secret> parse(std::string_view text) {
    if (text.size() == master_key_bytes) return Secret(std::string(text));
    while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
    auto bytes =
        text.size() == 2 * master_key_bytes ? text::from_hex(text) : text::from_base64url(text);
    if (!bytes || bytes->size() != master_key_bytes) {
        return fail(Kind::Invalid, master_key_rule,
                    "the master key is not 32 bytes, in hexadecimal or base64url: openssl rand "
                    "-hex 32 makes one");
    }
    return Secret(*std::move(bytes));
}

Result<Secret> read(const std::string& path, const FileDescriptor& file) {
    struct stat state{};
    if (::fstat(file.get(), &state) != 0) return unavailable(path);
    if ((state.st_mode & 077) != 0) {
        return fail(Kind::Invalid, master_key_rule,
                    path + " can be read by others: chmod 600 " + path);
    }
    std::string text(256, '\0');
    const ssize_t bytes = ::read(file.get(), text.data(), text.size());
    if (bytes < 0) return unavailable(path);
    text.resize(static_cast<std::size_t>(bytes));
    auto key = parse(text);
    wipe(text);
    return key;
}

// Written whole under another name and then linked: a crash leaves no half key, and of two first
// starts at once one wins and the other reads its key. Its name lasts before anything is wrapped
// under it: load_master_key sees to that, also for a maker who died here.
Result<> make(const std::string& path, Entropy& entropy) {
    const std::string draft = path + "." + std::to_string(::getpid());
    const FileDescriptor file(::open(draft.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
    if (!file.is_open()) return unavailable(path);
    std::string text = text::to_hex(entropy.bytes(master_key_bytes)) + "\n";
    const bool written =
        ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(file.get()) == 0;
    wipe(text);
    const bool linked = written && (::link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST);
    const int why = errno;
    ::unlink(draft.c_str());
    errno = why;
    if (!linked) return unavailable(path);
    return {};
}

}  // namespace

Result<Secret> load_master_key(const KeySettings& settings, Entropy& entropy) {
    if (!settings.master.empty()) return parse(settings.master.reveal());
    const std::string& path = settings.master_path;
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    MERLON_TRY(storage::make_private_folder(folder));
    for (const bool may_make : {true, false}) {
        const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
        if (file.is_open()) {
            MERLON_TRY(storage::sync_folder(folder));
            return read(path, file);
        }
        if (errno != ENOENT || !may_make) return unavailable(path);
        MERLON_TRY(make(path, entropy));
    }
    return fail(Kind::Unavailable, "keys.unavailable", path);
}

Result<Secret> find_master_key(const KeySettings& settings) {
    if (!settings.master.empty()) return parse(settings.master.reveal());
    const FileDescriptor file(
        ::open(settings.master_path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file.is_open()) return unavailable(settings.master_path);
    return read(settings.master_path, file);
}

}  // namespace merlon::sealing

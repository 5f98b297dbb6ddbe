// Names and descriptors of the disk's files.
#include "disk.h"

#include <limits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace machine::disk {
namespace {

// Databases are opened before the first connection comes: a descriptor above is none of them.
constexpr int descriptors_max = 1 << 16;

// Globals: the library has no object that could own them.
constinit std::array<std::atomic<std::uint32_t>, descriptors_max> handles{};
constinit std::atomic<std::uint32_t> handles_given{0};

std::string working_folder(int directory) {
    std::string link = "/proc/self/fd/" + std::to_string(directory);
    if (directory == AT_FDCWD) link = "/proc/self/cwd";
    std::string path(PATH_MAX, '\0');
    const ssize_t length = ::readlink(link.c_str(), path.data(), path.size());
    path.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
    return path;
}

}  // namespace

std::string name_of(int directory, const char* path) {
    const Control* told = control();
    if (told == nullptr) return {};
    std::string name = path;
    if (!name.starts_with('/')) name = working_folder(directory) + "/" + name;
    while (name.ends_with("/.")) name.resize(name.size() - 2);
    while (name.ends_with('/')) name.pop_back();
    const std::string_view folder = told->folder;
    const bool is_below =
        name.starts_with(folder) && (name.size() == folder.size() || name[folder.size()] == '/');
    const bool is_parent = name == folder.substr(0, folder.rfind('/'));
    return is_below || is_parent ? name : std::string();
}

std::uint32_t remember(int descriptor) {
    if (descriptor < 0 || descriptor >= descriptors_max) return 0;
    const std::uint32_t handle = handles_given.fetch_add(1, std::memory_order_relaxed) + 1;
    handles[static_cast<std::size_t>(descriptor)].store(handle, std::memory_order_release);
    return handle;
}

void forget(int descriptor) {
    if (descriptor < 0 || descriptor >= descriptors_max) return;
    handles[static_cast<std::size_t>(descriptor)].store(0, std::memory_order_release);
}

std::uint32_t handle_of(int descriptor) {
    if (descriptor < 0 || descriptor >= descriptors_max) return 0;
    return handles[static_cast<std::size_t>(descriptor)].load(std::memory_order_acquire);
}

bool refuses(Wish wish) {
    Control* told = counters();
    if (told == nullptr) return false;
    const auto error = static_cast<int>(told->disk_error.load(std::memory_order_relaxed));
    if (error == 0 || (wish == Wish::Change && error != EROFS)) return false;
    told->refused_writes.fetch_add(1, std::memory_order_relaxed);
    errno = error;
    return true;
}

}  // namespace machine::disk

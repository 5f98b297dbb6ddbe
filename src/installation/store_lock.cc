// Taking the operators' socket.
#include "installation/store_lock.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "storage/sqlite/private_file.h"

namespace merlon::installation {

std::string operator_socket(const config::Settings& settings) {
    return (std::filesystem::path(settings.store.folder) / "merlon.sock").string();
}

Result<net::Acceptor> take_operator_socket(Executor executor, const config::Settings& settings) {
    MERLON_TRY(storage::make_private_folder(settings.store.folder));
    // Whoever may open it may do anything: from its first moment it is its owner's alone.
    const mode_t before = ::umask(0177);
    auto acceptor = net::listen_on(executor, {{}, 0, operator_socket(settings)});
    ::umask(before);
    return acceptor;
}

Result<std::unique_ptr<StoreLock>> StoreLock::take(const config::Settings& settings) {
    std::unique_ptr<StoreLock> lock(new StoreLock(operator_socket(settings)));
    auto acceptor = take_operator_socket(lock->loop_.get_executor(), settings);
    if (!acceptor) {
        lock->path_.clear();
        return fail(
            Kind::Conflict, "store.in_use",
            "a server or another command is at work on this store: " + acceptor.error().detail);
    }
    lock->acceptor_.emplace(*std::move(acceptor));
    return lock;
}

StoreLock::~StoreLock() {
    if (!path_.empty()) ::unlink(path_.c_str());
}

}  // namespace merlon::installation

// Who may work on the store's tables: whoever listens on its operators' socket. The kernel gives it
// to one process, and takes it back from one that died.
#pragma once

#include <string>

#include "config/settings.h"
#include "http/server.h"

namespace merlon::installation {

// The running server's Unix socket for operators: in the store's folder.
std::string operator_socket(const config::Settings& settings);

// Listens on it; its file is its owner's alone, and stays when the acceptor goes. The folder is
// there. Error: "listen.failed" (Unavailable: somebody else does), "listen.address".
Result<net::Acceptor> take_operator_socket(Executor executor, const config::Settings& settings);

// The same for work that nobody is to be served during. Resource.
class StoreLock final {
public:
    // Error: "store.in_use" (Conflict).
    static Result<std::unique_ptr<StoreLock>> take(const config::Settings& settings);
    ~StoreLock();
    StoreLock(const StoreLock&) = delete;

private:
    explicit StoreLock(std::string path) : path_(std::move(path)) {}

    std::string path_;
    asio::io_context loop_{1};
    std::optional<net::Acceptor> acceptor_;
};

}  // namespace merlon::installation

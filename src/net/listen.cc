// Opening listening sockets.
#include "net/listen.h"

#include <sys/stat.h>
#include <unistd.h>

namespace merlon::net {
namespace {

Result<asio::generic::stream_protocol::endpoint> address_of(const ListenAddress& endpoint) {
    if (!endpoint.unix_path.empty()) {
        if (endpoint.unix_path.size() >= sizeof(sockaddr_un::sun_path)) {
            return fail(Kind::Invalid, "listen.address",
                        "the path of a Unix socket has at most 107 bytes: " + endpoint.unix_path);
        }
        return asio::generic::stream_protocol::endpoint(
            asio::local::stream_protocol::endpoint(endpoint.unix_path));
    }
    boost::system::error_code error;
    const auto address = asio::ip::make_address(endpoint.host, error);
    if (error) {
        return fail(Kind::Invalid, "listen.address",
                    "not an IP address to listen on: " + endpoint.host);
    }
    return asio::generic::stream_protocol::endpoint(
        asio::ip::tcp::endpoint(address, endpoint.port));
}

// A socket file that nobody listens on is left from a process that died.
void remove_dead_socket(const asio::generic::stream_protocol::endpoint& address,
                        const std::string& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return;
    asio::io_context loop;
    asio::generic::stream_protocol::socket probe(loop);
    boost::system::error_code error;
    probe.connect(address, error);
    if (error == asio::error::connection_refused) ::unlink(path.c_str());
}

// Whether listeners of this process share the address.
enum class Sharing : std::uint8_t { None, Workers };

Result<Acceptor> listen_sharing(Executor executor, const ListenAddress& endpoint, Sharing sharing) {
    const auto address = MERLON_TRY(address_of(endpoint));
    const bool is_unix = !endpoint.unix_path.empty();
    if (is_unix) remove_dead_socket(address, endpoint.unix_path);

    Acceptor acceptor(executor);
    boost::system::error_code error;
    acceptor.open(address.protocol(), error);
    if (!error && !is_unix) {
        acceptor.set_option(asio::socket_base::reuse_address(true), error);
        const int on = sharing == Sharing::Workers;
        ::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    }
    if (!error) acceptor.bind(address, error);
    if (!error) acceptor.listen(4'096, error);
    if (error) {
        const std::string where = is_unix ? "unix:" + endpoint.unix_path
                                          : endpoint.host + ":" + std::to_string(endpoint.port);
        return fail(Kind::Unavailable, "listen.failed",
                    "cannot listen on " + where + ": " + error.message());
    }
    return acceptor;
}

}  // namespace

Result<Acceptor> listen_on(Executor executor, const ListenAddress& endpoint) {
    return listen_sharing(executor, endpoint, Sharing::Workers);
}

Result<> require_free(Executor executor, const ListenAddress& endpoint) {
    if (!endpoint.unix_path.empty()) return {};  // bind(2) itself refuses a second one
    MERLON_TRY(listen_sharing(executor, endpoint, Sharing::None));
    return {};
}

std::uint16_t port_of(const Acceptor& acceptor) {
    boost::system::error_code error;
    const auto endpoint = acceptor.local_endpoint(error);
    if (error || endpoint.protocol().family() == AF_UNIX) return 0;
    asio::ip::tcp::endpoint tcp;
    std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
    return tcp.port();
}

}  // namespace merlon::net

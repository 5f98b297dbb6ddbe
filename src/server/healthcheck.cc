// Sends one blocking request with a deadline.
#include "server/healthcheck.h"

#include <sys/time.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>

namespace merlon::server {

Result<> check_readiness(const net::ListenAddress& admin) {
    namespace asio = boost::asio;
    using Generic = asio::generic::stream_protocol;
    boost::system::error_code error;
    const Generic::endpoint endpoint =
        admin.unix_path.empty()
            ? Generic::endpoint(
                  asio::ip::tcp::endpoint(asio::ip::make_address(admin.host, error), admin.port))
            : Generic::endpoint(asio::local::stream_protocol::endpoint(admin.unix_path));
    asio::io_context loop;
    Generic::socket socket(loop);
    if (!error) socket.open(endpoint.protocol(), error);
    const timeval deadline{3, 0};
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
    if (!error) socket.connect(endpoint, error);
    constexpr std::string_view request =
        "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    if (!error) asio::write(socket, asio::buffer(request), error);
    std::array<char, 64> response{};
    std::size_t bytes = 0;
    if (!error) bytes = socket.read_some(asio::buffer(response), error);
    if (error)
        return fail(Kind::Unavailable, "health.not_ready", "no response: " + error.message());
    if (!std::string_view(response.data(), bytes).starts_with("HTTP/1.1 200 ")) {
        return fail(Kind::Unavailable, "health.not_ready", "the server is not ready");
    }
    return {};
}

}  // namespace merlon::server

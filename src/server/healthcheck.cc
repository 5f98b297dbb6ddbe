// Sends one request, all of it within one deadline.
#include "server/healthcheck.h"

#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace merlon::server {
namespace {

namespace asio = boost::asio;
using Generic = asio::generic::stream_protocol;
using ErrorCode = boost::system::error_code;

constexpr std::string_view request =
    "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
constexpr std::string_view ready_response = "HTTP/1.1 200 ";

// One request, of whose response only the beginning is read, in however many pieces it comes.
class Probe final {
public:
    // Gives the beginning of the response.
    Result<std::string_view> run(const Generic::endpoint& endpoint) {
        socket_.async_connect(endpoint, [this](ErrorCode error) {
            if (error) return end(error);
            send_request();
        });
        loop_.run_for(healthcheck_time_max);
        if (outcome_) {
            return fail(Kind::Unavailable, "health.not_ready",
                        "no response: " + outcome_.message());
        }
        return std::string_view(response_.data(), response_.size());
    }

private:
    void send_request() {
        asio::async_write(socket_, asio::buffer(request), [this](ErrorCode error, std::size_t) {
            if (error) return end(error);
            asio::async_read(socket_, asio::buffer(response_),
                             [this](ErrorCode failed, std::size_t) { end(failed); });
        });
    }
    void end(ErrorCode error) { outcome_ = error; }

    ErrorCode outcome_ = asio::error::timed_out;  // until it has ended
    std::array<char, ready_response.size()> response_{};
    asio::io_context loop_;
    Generic::socket socket_{loop_};
};

}  // namespace

Result<> check_readiness(const net::ListenAddress& admin) {
    Generic::endpoint endpoint = asio::local::stream_protocol::endpoint(admin.unix_path);
    if (admin.unix_path.empty()) {
        ErrorCode error;
        const auto address = asio::ip::make_address(admin.host, error);
        if (error) return fail(Kind::Unavailable, "health.not_ready", error.message());
        endpoint = asio::ip::tcp::endpoint(address, admin.port);
    }
    Probe probe;
    if (MERLON_TRY(probe.run(endpoint)) != ready_response) {
        return fail(Kind::Unavailable, "health.not_ready", "the server is not ready");
    }
    return {};
}

}  // namespace merlon::server

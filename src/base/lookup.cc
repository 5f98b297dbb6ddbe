// Resolves a host's name, with a timer that gives up.
#include "base/lookup.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <memory>

namespace merlon {
namespace {

using Addresses = std::vector<asio::ip::address>;
using Resolver = asio::ip::basic_resolver<asio::ip::tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

// Kept by both: getaddrinfo cannot be interrupted, and may end long after nobody waits any more.
struct Lookup {
    explicit Lookup(Executor executor) : resolver(executor), patience(executor) {}

    Resolver resolver;
    Timer patience;
    bool is_over = false;
    boost::system::error_code error;
    Resolver::results_type found;
};

}  // namespace

Task<Addresses> look_up(std::string host, std::chrono::milliseconds patience) {
    boost::system::error_code not_literal;
    const auto literal = asio::ip::make_address(host, not_literal);
    if (!not_literal) co_return Addresses{literal};

    const auto lookup = std::make_shared<Lookup>(co_await current_executor());
    lookup->patience.expires_after(patience);
    lookup->resolver.async_resolve(
        host, "", [lookup](const boost::system::error_code& error, Resolver::results_type found) {
            lookup->is_over = true;
            lookup->error = error;
            lookup->found = std::move(found);
            lookup->patience.cancel();
        });
    (void)co_await lookup->patience.async_wait(as_result);
    if (!lookup->is_over) {
        lookup->resolver.cancel();  // one that has not begun is not asked any more
        co_return fail(Kind::Unavailable, lookup_timeout_rule, host + ": no answer to its look-up");
    }
    if (lookup->error) {
        co_return fail(Kind::Unavailable, "name.unknown", host + ": " + lookup->error.message());
    }
    Addresses addresses;
    for (const auto& entry : lookup->found) addresses.push_back(entry.endpoint().address());
    co_return addresses;
}

}  // namespace merlon

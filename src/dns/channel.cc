// Talks to c-ares.
#include "dns/channel.h"

#include <fmt/ranges.h>
#include <netdb.h>
#include <poll.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <span>

namespace merlon::dns {
namespace {

// A question goes to a server for so long, then to the next, so many times round.
constexpr int try_ms = 1'000;
constexpr int tries = 3;

// c-ares wants to be told once for the process.
int initialize_library() { return ares_library_init(ARES_LIB_INIT_ALL); }

using Answered = std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)>;

void read_answer(const ares_addrinfo& answer, Channel::Found& found) {
    for (const ares_addrinfo_node* node = answer.nodes; node != nullptr; node = node->ai_next) {
        if (node->ai_family == AF_INET) {
            const auto* address = reinterpret_cast<const sockaddr_in*>(node->ai_addr);
            found.addresses.emplace_back(asio::ip::address_v4(ntohl(address->sin_addr.s_addr)));
        } else if (node->ai_family == AF_INET6) {
            const auto* address = reinterpret_cast<const sockaddr_in6*>(node->ai_addr);
            asio::ip::address_v6::bytes_type bytes;
            std::ranges::copy(address->sin6_addr.s6_addr, bytes.begin());
            found.addresses.emplace_back(asio::ip::address_v6(bytes));
        }
        found.ttl = std::min(found.ttl, std::chrono::seconds{std::max(node->ai_ttl, 0)});
    }
}

bool has_family(const Addresses& addresses, int family) {
    return std::ranges::any_of(addresses, [family](const asio::ip::address& address) {
        return address.is_v4() == (family == AF_INET);
    });
}

// A family of which `known` has addresses and `found` has none; AF_UNSPEC: there is none.
int lost_family(const Addresses& known, const Addresses& found) {
    for (const int family : {AF_INET, AF_INET6}) {
        if (has_family(known, family) && !has_family(found, family)) return family;
    }
    return AF_UNSPEC;
}

}  // namespace

struct Channel::Question {
    Channel& channel;
    std::string host;
    Addresses known;
    Done done;
    Found found{{}, std::chrono::seconds::max(), false};
    int lost = AF_UNSPEC;  // the family that is asked for alone
};

Result<std::unique_ptr<Channel>> Channel::make(const std::vector<std::string>& servers) {
    static const int is_initialized = initialize_library();
    ares_options options{};
    options.timeout = try_ms;
    options.tries = tries;
    ares_channel channel = nullptr;
    int status = is_initialized;
    if (status == ARES_SUCCESS) {
        status = ares_init_options(&channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
    }
    if (status != ARES_SUCCESS)
        return fail(Kind::Unavailable, "name.servers", ares_strerror(status));
    std::unique_ptr<Channel> made(new Channel(channel));
    if (servers.empty()) return made;
    const std::string list = fmt::format("{}", fmt::join(servers, ","));
    status = ares_set_servers_ports_csv(channel, list.c_str());
    if (status != ARES_SUCCESS) {
        return fail(Kind::Invalid, "name.servers", list + ": " + ares_strerror(status));
    }
    return made;
}

Channel::~Channel() { ares_destroy(channel_); }

bool Channel::is_in_hosts_file(const std::string& host) const {
    for (const int family : {AF_INET, AF_INET6}) {
        hostent* found = nullptr;
        const int status = ares_gethostbyname_file(channel_, host.c_str(), family, &found);
        if (status != ARES_SUCCESS) continue;
        ares_free_hostent(found);
        return true;
    }
    return false;
}

void Channel::send(const std::string& host, int family, ares_addrinfo_callback done,
                   std::unique_ptr<Question> question) {
    ares_addrinfo_hints hints{};
    hints.ai_family = family;
    hints.ai_socktype = SOCK_STREAM;
    ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, done, question.release());
}

void Channel::ask(const std::string& host, const Addresses& known, Done done) {
    send(host, AF_UNSPEC, &end, std::make_unique<Question>(*this, host, known, std::move(done)));
}

void Channel::end(void* argument, int status, int, ares_addrinfo* answer) {
    std::unique_ptr<Question> question(static_cast<Question*>(argument));
    const Answered answered(answer, &ares_freeaddrinfo);
    if (status != ARES_SUCCESS || answer == nullptr || answer->nodes == nullptr) {
        const char* why = status == ARES_SUCCESS ? "no address" : ares_strerror(status);
        return question->done(fail(Kind::Unavailable, "name.unknown", question->host + ": " + why));
    }
    Found& found = question->found;
    read_answer(*answer, found);
    Channel& channel = question->channel;
    found.is_of_hosts_file = found.ttl.count() == 0 && channel.is_in_hosts_file(question->host);
    question->lost = lost_family(question->known, found.addresses);
    if (question->lost == AF_UNSPEC || found.is_of_hosts_file) {
        return question->done(std::move(found));
    }
    // In the domain of the search list that answered: another may have a stranger of that name.
    const std::string full_name =
        std::string(answer->name != nullptr ? answer->name : question->host) + ".";
    const int family = question->lost;
    channel.send(full_name, family, &end_rest, std::move(question));
}

void Channel::end_rest(void* argument, int status, int, ares_addrinfo* answer) {
    const std::unique_ptr<Question> question(static_cast<Question*>(argument));
    const Answered answered(answer, &ares_freeaddrinfo);
    Found& found = question->found;
    if (status == ARES_SUCCESS && answer != nullptr) {
        read_answer(*answer, found);
    } else if (status != ARES_ENODATA && status != ARES_ENOTFOUND) {
        std::ranges::copy_if(question->known, std::back_inserter(found.addresses),
                             [&](const asio::ip::address& address) {
                                 return address.is_v4() == (question->lost == AF_INET);
                             });
    }
    question->done(std::move(found));
}

void Channel::work(int other, std::chrono::milliseconds patience) {
    std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets;
    const int wanted = ares_getsock(channel_, sockets.data(), ARES_GETSOCK_MAXNUM);
    std::vector<pollfd> polled{{other, POLLIN, 0}};
    for (int i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
        short events = 0;
        if (ARES_GETSOCK_READABLE(wanted, i)) events |= POLLIN;
        if (ARES_GETSOCK_WRITABLE(wanted, i)) events |= POLLOUT;
        if (events != 0) polled.push_back({sockets[i], events, 0});
    }
    timeval limit{.tv_sec = patience.count() / 1'000, .tv_usec = patience.count() % 1'000 * 1'000};
    timeval wait{};
    const timeval* next = ares_timeout(channel_, &limit, &wait);
    // Rounded up: a wait that ends a little early would go round for nothing.
    const auto wait_ms = next->tv_sec * 1'000 + (next->tv_usec + 999) / 1'000;
    ::poll(polled.data(), polled.size(), static_cast<int>(wait_ms));
    for (const pollfd& one : std::span(polled).subspan(1)) {
        const bool is_readable = (one.revents & (POLLIN | POLLERR | POLLHUP)) != 0;
        const bool is_writable = (one.revents & POLLOUT) != 0;
        ares_process_fd(channel_, is_readable ? one.fd : ARES_SOCKET_BAD,
                        is_writable ? one.fd : ARES_SOCKET_BAD);
    }
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // what took too long
}

}  // namespace merlon::dns

// Decides when to ask for a name, and what to do with the answer.
#include "dns/resolver.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "dns/channel.h"

namespace merlon::dns {
namespace {

constexpr const char* system_servers_path = "/etc/resolv.conf";

// When it was last written, and which file it is: a new one may be older.
std::pair<std::int64_t, std::uint64_t> stamp_of(const char* path) {
    struct stat found{};
    if (::stat(path, &found) != 0) return {};
    return {found.st_mtim.tv_sec * 1'000'000'000 + found.st_mtim.tv_nsec, found.st_ino};
}

}  // namespace

bool is_server_address(const std::string& text) {
    std::string address = text;
    const std::size_t bracket = text.find(']');
    const std::size_t colon = text.rfind(':');
    const bool is_bare_v6 = bracket == std::string::npos && text.find(':') != colon;
    if (colon != std::string::npos && !is_bare_v6 &&
        (bracket == std::string::npos || colon > bracket)) {
        const auto port =
            text::parse_number<std::uint16_t>(std::string_view(text).substr(colon + 1));
        if (!port || *port == 0) return false;
        address.resize(colon);
    }
    if (address.starts_with('[') && address.ends_with(']')) {
        address = address.substr(1, address.size() - 2);
    }
    boost::system::error_code error;
    asio::ip::make_address(address, error);
    return !error;
}

Resolver::Resolver(ResolverSettings settings, const Clock& clock, Report report)
    : settings_(std::move(settings)),
      clock_(clock),
      report_(std::move(report)),
      news_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Resolver::~Resolver() {
    thread_.request_stop();
    wake();
}

void Resolver::wake() const {
    const std::uint64_t one = 1;
    (void)!::write(news_.get(), &one, sizeof(one));  // full: it is awake already
}

std::shared_ptr<FollowedName> Resolver::follow(const std::string& host) {
    boost::system::error_code not_literal;
    const auto literal = asio::ip::make_address(host, not_literal);
    if (!not_literal) return std::make_shared<FollowedName>(literal);

    const Lock lock(mutex_);
    for (const Entry& known : names_) {
        auto name = known.name.lock();
        if (name && name->host() == host) return name;
    }
    auto name = std::make_shared<FollowedName>(host, [this] { wake(); });
    names_.push_back({name});
    if (!thread_.joinable()) {
        thread_ = std::jthread([this](std::stop_token stop) { run(std::move(stop)); });
    }
    wake();
    return name;
}

void Resolver::run(std::stop_token stop) {
    std::unique_ptr<Channel> channel;
    std::pair<std::int64_t, std::uint64_t> servers_stamp;
    while (!stop.stop_requested()) {
        // A machine that moved to another network, or came up before its network did.
        const auto stamp =
            settings_.servers.empty() ? stamp_of(system_servers_path) : decltype(servers_stamp)();
        if (!channel || stamp != servers_stamp) {
            servers_stamp = stamp;
            channel.reset();  // its questions end first, and are asked again
            if (auto made = Channel::make(settings_.servers)) {
                channel = *std::move(made);
            } else {
                report_("names cannot be looked up: " + made.error().detail);
            }
        }
        std::uint64_t ignored;
        (void)!::read(news_.get(), &ignored, sizeof(ignored));
        if (!channel) {
            pollfd news{news_.get(), POLLIN, 0};
            ::poll(&news, 1, static_cast<int>(std::chrono::milliseconds{retry_first}.count()));
            continue;
        }
        const SteadyTime next = begin_due(*channel);
        const auto patience = std::chrono::ceil<std::chrono::milliseconds>(next - clock_.steady());
        channel->work(news_.get(), std::clamp(patience, std::chrono::milliseconds{0},
                                              std::chrono::milliseconds{hosts_ttl}));
    }
}

SteadyTime Resolver::begin_due(Channel& channel) {
    const SteadyTime now = clock_.steady();
    SteadyTime next = now + ttl_max;
    std::vector<std::shared_ptr<FollowedName>> due;
    {
        const Lock lock(mutex_);
        std::erase_if(names_, [](const Entry& entry) { return entry.name.expired(); });
        for (Entry& entry : names_) {
            auto name = entry.name.lock();
            if (!name || entry.is_under_way) continue;
            if (name->take_request()) entry.due = now;
            if (entry.due > now) {
                next = std::min(next, entry.due);
                continue;
            }
            entry.is_under_way = true;
            entry.last = now;
            name->began(now);
            due.push_back(std::move(name));
        }
    }
    for (auto& name : due) begin(channel, std::move(name));
    return due.empty() ? next : now;  // one that has ended already may be due again
}

void Resolver::begin(Channel& channel, std::shared_ptr<FollowedName> name) {
    const std::string host = name->host();
    const auto known = name->addresses();
    channel.ask(host, *known, [this, name = std::move(name)](Result<Channel::Found> found) {
        const bool had_failed = !name->problem().empty();
        if (!found) {
            if (!had_failed) {
                report_(found.error().detail + (name->addresses()->empty()
                                                    ? ": the name is not found"
                                                    : ": not found, its last addresses stay"));
            }
            name->failed(std::move(found).error().detail);
            return note_end(name, std::nullopt);
        }
        if (had_failed) report_(name->host() + ": the name is found");
        const auto ttl =
            found->is_of_hosts_file ? hosts_ttl : std::clamp(found->ttl, ttl_min, ttl_max);
        name->found(std::move(found->addresses));
        note_end(name, ttl);
    });
}

void Resolver::note_end(const std::shared_ptr<FollowedName>& name,
                        std::optional<std::chrono::seconds> ttl) {
    const Lock lock(mutex_);
    const auto entry =
        std::ranges::find_if(names_, [&](const Entry& one) { return one.name.lock() == name; });
    if (entry == names_.end()) return;
    entry->is_under_way = false;
    entry->due = entry->last + ttl.value_or(entry->retry);
    entry->retry = ttl ? retry_first : std::min(entry->retry * 2, retry_max);
}

}  // namespace merlon::dns

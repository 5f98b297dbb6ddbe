// Builds the program: everything is opened before anything is served. Read open() first.
#include "server/platform.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "base/wait.h"
#include "identity/store/schema.h"
#include "identity/store/whole_store.h"
#include "installation/store_lock.h"
#include "operations/run_command.h"
#include "rpc/identities.h"
#include "rpc/names.h"
#include "sealing/master_key.h"
#include "server/capacity.h"
#include "server/demo.h"
#include "server/gateway_identity.h"
#include "server/process_metrics.h"
#include "server/say.h"

namespace merlon::server {
namespace {

// Clients whose counters the limiter holds: 64 MiB of address space; untouched pages cost no
// memory.
constexpr std::size_t limited_clients = 1'000'000;

// Whether an operator has to look at a file that those who found the fault do not know.
bool needs_paths(const Error& error) {
    return error.rule == sealing::master_key_rule || error.rule == identity::store_lost_rule ||
           error.rule == identity::keys_lost_rule;
}

// Adds the stores' URLs and the master key's path to an error about keys, for the operator.
Result<> with_paths(Result<> opened, const config::Settings& settings) {
    if (!opened && needs_paths(opened.error())) {
        const bool has_file = settings.keys.master.empty();
        opened.error().detail +=
            fmt::format(" (store: {}, key store: {}, master key: {})",
                        settings.store.url_of(identity::auth_role), settings.keys.url,
                        has_file ? settings.keys.master_path : "of the settings");
    }
    return opened;
}

// Those who scrape and probe are near: who is silent for long is neither.
http::ServerSettings with_admin_timeouts(http::ServerSettings settings) {
    const std::chrono::milliseconds limit = settings.timeouts.admin;
    settings.timeouts.header = limit;
    settings.timeouts.body = limit;
    settings.timeouts.idle = limit;
    return settings;
}

}  // namespace

Result<std::unique_ptr<Platform>> Platform::make(config::Settings settings,
                                                 installation::RoleSet roles, Content content) {
    std::unique_ptr<Platform> platform(
        new Platform(std::move(settings), std::move(roles), STDOUT_FILENO));
    MERLON_TRY(platform->open(content));
    return platform;
}

Platform::Platform(config::Settings settings, installation::RoleSet roles, int log_descriptor)
    : settings_(std::move(settings)),
      roles_(std::move(roles)),
      log_(log_descriptor, clock_,
           metrics_.counter("merlon_security_events_lost",
                            "Security events that could not be written to the log"),
           metrics_.counter("merlon_access_log_dropped",
                            "Lines of the access log that could not be written")),
      events_(log_.first(), metrics_),
      event_store_(events_, metrics_),
      refusals_(clock_, event_store_, metrics_),
      limits_(limited_clients, entropy_),
      resolver_({settings_.server.dns_servers}, clock_, say),
      admin_(metrics_, ready_,
             [this] {
                 std::vector<installation::StoreProbe::State> states;
                 for (const auto& probe : stores_.probes()) states.push_back(probe->state());
                 return states;
             }),
      certificate_expiry_(clock_, event_store_, metrics_),
      remote_keys_(fetcher_, clock_, say) {}

Platform::~Platform() = default;

Result<> Platform::open(Content content) {
    const unsigned count = worker_count(settings_.server);
    const std::size_t files = MERLON_TRY(take_open_files(count));
    if (const std::string warning = connections_warning(settings_.server, count, files);
        !warning.empty()) {
        say("warning: " + warning);
    }
    MERLON_TRY(take_operator_socket());
    MERLON_TRY(with_paths(stores_.open(settings_, roles_, clock_, entropy_, metrics_), settings_));
    MERLON_TRY(open_state());
    MERLON_TRY(
        with_paths(built_in_roles_.open(settings_, roles_, redis_state_ ? &*redis_state_ : nullptr),
                   settings_));
    MERLON_TRY(await_auth());
    const auto connections = connections_max(settings_.server, count, files);
    for (unsigned i = 0; i < count; ++i) workers_.push_back(std::make_unique<Worker>(connections));
    if (roles_.has(rpc::gateway_name)) MERLON_TRY(open_gateway());
    MERLON_TRY(open_roles());
    MERLON_TRY(open_admin());
    certificate_expiry_.replace(certificates_of(settings_, roles_));
    if (!built_in_roles_.auth()) return {};
    MERLON_TRY(make_first_admin());
    MERLON_TRY(fill_with(content));
    return serve_operator();
}

// A gateway is not ready before it has loaded the revocations, however long auth takes to start.
// The other roles serve each other without auth, but no user before they have its keys.
Result<> Platform::await_auth() {
    identity::AuthFeed* feed = built_in_roles_.feed();
    if (feed == nullptr || !roles_.has(rpc::gateway_name)) return {};
    std::string reported;
    while (true) {
        const Result<> loaded = wait(feed->load());
        if (loaded) return {};
        const std::string why(loaded.error().rule);
        if (why != reported) say("waiting for auth: " + why + " " + loaded.error().detail);
        reported = why;
        asio::io_context pause;
        asio::steady_timer(pause, std::chrono::milliseconds{500}).wait();
    }
}

Result<std::shared_ptr<const gateway::Snapshot>> Platform::make_snapshot(
    const config::Settings& settings) {
    return gateway::Snapshot::make(settings.gateway, settings.server, settings.tokens,
                                   {built_in_roles_.keys(), remote_keys_}, settings.roles,
                                   MERLON_TRY(built_in_roles_.roles_for_gateway(settings)),
                                   MERLON_TRY(gateway_identity(settings, roles_)));
}

// Opens a listener for each worker.
Result<> Platform::listen(const net::ListenAddress& configured,
                          const std::function<http::Server&(Worker&)>& server_of) {
    net::ListenAddress endpoint = configured;
    MERLON_TRY(net::require_free(main_.get_executor(), endpoint));
    for (auto& worker : workers_) {
        auto acceptor = MERLON_TRY(net::listen_on(worker->executor(), endpoint));
        // Port 0 has become a free one, which the other workers share.
        if (endpoint.unix_path.empty()) endpoint.port = net::port_of(acceptor);
        if (port_ == 0) port_ = endpoint.port;
        server_of(*worker).serve(std::move(acceptor));
        if (!endpoint.unix_path.empty()) break;  // a Unix socket has one listener
    }
    return {};
}

// Does not wait for Redis: while it is down, this process counts alone and reports that.
Result<> Platform::open_state() {
    if (!settings_.state.redis ||
        (!roles_.has(rpc::gateway_name) && !roles_.has(identity::auth_role)))
        return {};
    redis_ = MERLON_TRY(redis::RedisServer::make(settings_.state.redis, metrics_, say));
    if (roles_.has(identity::auth_role)) {
        redis_state_.emplace(*redis_, admin_deadlines_, main_.get_executor(), clock_, metrics_);
    }
    return {};
}

Result<> Platform::open_gateway() {
    const auto snapshot = MERLON_TRY(make_snapshot(settings_));
    const auto tls = MERLON_TRY(net::TlsServerContext::make_if_any(settings_.server.tls));
    const gateway::SharedResources shared{clock_,        entropy_,  limits_,
                                          refusals_,     metrics_,  revocations_,
                                          log_.second(), resolver_, redis_.get()};
    for (auto& worker : workers_) worker->add_gateway(settings_.server, shared, snapshot, tls);
    for (const net::ListenAddress& endpoint : settings_.server.listen) {
        MERLON_TRY(listen(
            endpoint, [](Worker& worker) -> http::Server& { return *worker.gateway_server(); }));
    }
    if (settings_.server.redirect.empty()) return {};
    for (auto& worker : workers_) worker->add_redirect(settings_.server, clock_);
    for (const net::ListenAddress& endpoint : settings_.server.redirect) {
        MERLON_TRY(listen(
            endpoint, [](Worker& worker) -> http::Server& { return *worker.redirect_server(); }));
    }
    return {};
}

Result<> Platform::open_roles() {
    // Watched before they are read for the first time: a change in between would be missed.
    std::vector<std::string> files;
    const auto watch = [&](std::string_view role) {
        std::ranges::move(rpc::certificate_files(settings_.fleet, role), std::back_inserter(files));
    };
    if (shows_certificate(settings_, roles_, rpc::gateway_name)) watch(rpc::gateway_name);
    offered_ = MERLON_TRY(built_in_roles_.offered(settings_));
    for (const auto& [name, role] : offered_) watch(name);
    certificates_.emplace(
        std::move(files), disk_stamps_, [this] { return renew_certificates(); }, say);

    http::ServerSettings server = settings_.server;
    // Longer than a gateway keeps an idle connection, so that no gateway sends a request on one
    // that is being closed.
    server.timeouts.drain_quiet = upstream::Upstream::idle_time + std::chrono::seconds{2};
    for (const auto& [name, role] : offered_) {
        const auto tls = MERLON_TRY(rpc::listener_tls(settings_.fleet, name, role->callers()));
        MERLON_TRY(listen(settings_.fleet.roles.find(name)->second.listen,
                          [&](Worker& worker) -> http::Server& {
                              return worker.add_role(server, tls, *role, clock_, refusals_);
                          }));
    }
    return {};
}

Result<> Platform::open_admin() {
    admin_deadlines_.start();
    MERLON_TRY(net::require_free(main_.get_executor(), settings_.server.admin));
    admin_server_ = std::make_unique<http::Server>(
        main_.get_executor(), clock_, with_admin_timeouts(settings_.server), admin_,
        admin_deadlines_, nullptr, admin_connections_max(settings_.server));
    admin_server_->serve(MERLON_TRY(net::listen_on(main_.get_executor(), settings_.server.admin)));
    observe_process(metrics_, clock_.wall());
    metrics_.observe_gauge("merlon_connections", "open client connections", [this] {
        std::size_t sum = 0;
        for (const auto& worker : workers_) sum += worker->connection_count();
        return static_cast<double>(sum);
    });
    metrics_.observe_counter("merlon_connections_refused",
                             "connections closed because their client had its share", [this] {
                                 std::uint64_t sum = 0;
                                 for (const auto& worker : workers_) {
                                     sum += worker->refused_connection_count();
                                 }
                                 return static_cast<double>(sum);
                             });
    metrics_.observe_gauge("merlon_revocations", "sessions and users whose tokens are refused",
                           [this] { return static_cast<double>(revocations_.size()); });
    return {};
}

// Taken before anything is opened or made: its holder, such as an import, may write to the store.
Result<> Platform::take_operator_socket() {
    if (!roles_.has(identity::auth_role)) return {};
    auto taken = installation::take_operator_socket(main_.get_executor(), settings_);
    if (!taken) {
        taken.error().detail =
            "a server or another command is at work on this store: " + taken.error().detail;
        return std::unexpected(std::move(taken).error());
    }
    operator_acceptor_.emplace(*std::move(taken));
    return {};
}

Result<> Platform::serve_operator() {
    operator_ = std::make_unique<OperatorHandler>(
        operations::CommandTargets{built_in_roles_.auth(), stores_.events()});
    http::ServerSettings settings = with_admin_timeouts(settings_.server);
    settings.limits.body_bytes = operations::command_bytes_max;
    operator_server_ = std::make_unique<http::Server>(main_.get_executor(), clock_, settings,
                                                      *operator_, admin_deadlines_, nullptr,
                                                      http::ConnectionTable::Limits{8, 8});
    operator_server_->serve(*std::move(operator_acceptor_));
    return {};
}

Result<std::unique_ptr<Platform>> Platform::open_offline(config::Settings settings) {
    const auto auth = installation::RoleSet::only(identity::auth_role);
    // Standard output is for the command's answer, and standard error for its sentences: its events
    // are in the store only. The descriptor stays open for the life of the process.
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0)
        return fail(Kind::Unavailable, "file.unreadable", "/dev/null cannot be opened");
    std::unique_ptr<Platform> platform(new Platform(std::move(settings), auth, nowhere));
    const config::Settings& own = platform->settings_;
    MERLON_TRY(with_paths(
        platform->stores_.open(own, auth, platform->clock_, platform->entropy_, platform->metrics_),
        own));
    MERLON_TRY(with_paths(platform->built_in_roles_.open_auth(own, nullptr), own));
    return platform;
}

Result<std::string> Platform::run_command(std::string command) {
    return wait(operations::run_command({built_in_roles_.auth(), stores_.events()},
                                        Secret(std::move(command))));
}

// Before the server is ready: the password is on standard error by then.
Result<> Platform::make_first_admin() {
    using identity::AccountAdministration;
    const auto made = wait(built_in_roles_.auth()->accounts().make_first_admin());
    if (!made && made.error().rule == AccountAdministration::no_admin_rule) {
        say("no admin can sign in: unlock one (merlon user unlock), set a password (merlon user "
            "password), or make one (merlon user create --role admin)");
        return {};
    }
    const std::string shown = MERLON_TRY(Result<std::string>(made));
    if (!shown.empty()) say("first admin, shown once, change the password: " + shown);
    return {};
}

Result<> Platform::fill_with(Content content) {
    if (content == Content::AsItIs) return {};
    return fill_demo({stores_, events_, clock_, entropy_, *built_in_roles_.auth()}, settings_);
}

}  // namespace merlon::server

// Building, running, reloading and draining the program.
#include "app/platform.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "app/capacity.h"
#include "app/demo.h"
#include "app/fixed_settings.h"
#include "app/process_metrics.h"
#include "app/run_command.h"
#include "app/store_lock.h"
#include "base/spawn.h"
#include "base/wait.h"
#include "sealing/master_key.h"
#include "storage/open_database.h"

namespace merlon::app {
namespace {

// Clients whose counters the limiter holds: 64 MiB of address space, of which only what is touched
// becomes memory.
constexpr std::size_t limited_clients = 1'000'000;

constexpr unsigned probed_every_seconds = 5;
constexpr unsigned forgotten_every_seconds = 60;

// Null when the server speaks in the clear.
Result<std::shared_ptr<const http::TlsServerContext>> make_tls(
    const http::ServerSettings& settings) {
    if (settings.tls.empty()) return nullptr;
    return std::shared_ptr<const http::TlsServerContext>(
        MERLON_TRY(http::TlsServerContext::make(settings.tls)));
}

}  // namespace

Worker::Worker(const config::Settings& settings, gateway::Shared shared,
               std::shared_ptr<const gateway::Snapshot> snapshot,
               std::shared_ptr<const http::TlsServerContext> tls, std::size_t connections)
    : deadlines_(executor()),
      path_(shared, deadlines_, executor(), std::move(snapshot)),
      server_(executor(), settings.server, path_, deadlines_, std::move(tls), connections) {
    deadlines_.start();
}

Result<std::unique_ptr<Platform>> Platform::make(config::Settings settings, Content content) {
    std::unique_ptr<Platform> platform(new Platform(std::move(settings), STDOUT_FILENO));
    MERLON_TRY(platform->open(content));
    return platform;
}

Platform::Platform(config::Settings settings, int log_descriptor)
    : settings_(std::move(settings)),
      log_(log_descriptor,
           metrics_.counter("merlon_security_events_lost",
                            "Security events that could not be written to the log"),
           metrics_.counter("merlon_access_log_dropped",
                            "Lines of the access log that could not be written")),
      events_(log_.first(), metrics_),
      event_store_(events_, entropy_, metrics_),
      refusals_(clock_, event_store_, metrics_),
      limits_(limited_clients, entropy_),
      admin_(metrics_, ready_),
      remote_keys_(fetcher_, clock_, [](const std::string& line) {
          std::fprintf(stderr, "merlon: %s\n", line.c_str());
      }) {}

Platform::~Platform() = default;

Result<std::shared_ptr<const gateway::Snapshot>> Platform::make_snapshot(
    const config::Settings& settings) {
    return gateway::Snapshot::make(settings.gateway, settings.server, settings.tokens,
                                   {identity_->keys(), remote_keys_}, settings.roles,
                                   built_in_roles());
}

std::vector<gateway::BuiltInRole> Platform::built_in_roles() {
    std::vector<gateway::BuiltInRole> roles;
    for (http::LocalService* local : std::initializer_list<http::LocalService*>{
             identity_.get(), users_.get(), products_.get(), orders_.get()}) {
        if (local != nullptr) roles.push_back({&local->table(), local});
    }
    return roles;
}

// Those who find it out about keys do not know of files, and an operator has to look at one.
Result<> Platform::open_identity() {
    Result<> opened = open_stores();
    if (!opened &&
        (opened.error().rule.starts_with("keys.") || opened.error().rule == "store.lost")) {
        const bool has_file = settings_.keys.master.empty();
        opened.error().detail += fmt::format(
            " (store: {}, key store: {}, master key: {})", settings_.store.url, settings_.keys.url,
            has_file ? settings_.keys.master_path : "of the settings");
    }
    return opened;
}

Result<> Platform::open_services() {
    const services::Parts parts{*database_, clock_, entropy_};
    const gateway::BuiltInServices& built_in = settings_.gateway.built_in;
    if (built_in.users) {
        accounts_ = std::make_unique<AccountDirectory>(*identity_);
        users_ = MERLON_TRY(wait(services::Users::open(parts, *keys_, *accounts_)));
    }
    if (built_in.products) products_ = MERLON_TRY(wait(services::Products::open(parts)));
    if (built_in.orders) {  // config has seen to it that there are products
        orders_ = MERLON_TRY(wait(services::Orders::open(parts, products_->stock())));
    }
    return {};
}

// Nobody waits for Redis: a gateway that cannot reach it counts by itself, and says so.
Result<> Platform::open_state() {
    if (!settings_.state.redis) return {};
    redis_ = MERLON_TRY(state::RedisServer::make(
        settings_.state.redis, metrics_,
        [](const std::string& line) { std::fprintf(stderr, "merlon: %s\n", line.c_str()); }));
    return {};
}

Result<> Platform::open_stores() {
    key_database_ = MERLON_TRY(storage::open_database(settings_.keys.database));
    database_ = MERLON_TRY(storage::open_database(settings_.store.database));
    keys_ = MERLON_TRY(wait(
        sealing::KeyStore::open(*key_database_, clock_, entropy_,
                                MERLON_TRY(sealing::load_master_key(settings_.keys, entropy_)))));
    identity_ = MERLON_TRY(wait(identity::Identity::open(
        {*database_, *keys_, revocations_, refusals_, events_, metrics_, clock_, entropy_},
        settings_.tokens, settings_.passwords, settings_.roles)));
    probes_.push_back(std::make_unique<StoreProbe>("data", *database_, metrics_));
    probes_.push_back(std::make_unique<StoreProbe>("keys", *key_database_, metrics_));
    metrics_.observe_gauge("merlon_revocations", "sessions and users whose tokens are refused",
                           [this] { return static_cast<double>(revocations_.size()); });
    return {};
}

Result<> Platform::open_operator_socket() {
    operator_ = std::make_unique<OperatorHandler>(Operated{identity_.get(), database_.get()});
    operator_server_ = std::make_unique<http::Server>(main_.get_executor(), settings_.server,
                                                      *operator_, admin_deadlines_, nullptr, 8);
    operator_server_->serve(MERLON_TRY(take_operator_socket(main_.get_executor(), settings_)));
    return {};
}

Result<std::string> Platform::run_offline(config::Settings settings, std::string command) {
    Platform platform(std::move(settings), STDERR_FILENO);  // the answer has standard output
    MERLON_TRY(platform.open_identity());
    return wait(
        run_command({platform.identity_.get(), platform.database_.get()}, std::move(command)));
}

// Before anybody can ask: its password is on the screen when the server says ready.
Result<> Platform::make_first_admin() {
    const std::string made = MERLON_TRY(wait(identity_->make_first_admin()));
    if (made.empty()) return {};
    std::fprintf(stderr, "merlon: first admin, shown once, change the password: %s\n",
                 made.c_str());
    return {};
}

Result<> Platform::fill_with(Content content) {
    if (content == Content::AsItIs) return {};
    return fill_demo({*database_, *keys_, events_, clock_, entropy_, *identity_}, settings_);
}

Result<> Platform::open(Content content) {
    MERLON_TRY(open_identity());
    MERLON_TRY(open_services());
    MERLON_TRY(open_state());
    const auto snapshot = MERLON_TRY(make_snapshot(settings_));
    const auto tls = MERLON_TRY(make_tls(settings_.server));
    const unsigned count = worker_count(settings_.server);
    const std::size_t connections = connections_max(settings_.server, count);
    const gateway::Shared shared{clock_,   entropy_,     limits_,       refusals_,
                                 metrics_, revocations_, log_.second(), redis_.get()};
    for (unsigned i = 0; i < count; ++i) {
        workers_.push_back(std::make_unique<Worker>(settings_, shared, snapshot, tls, connections));
    }
    for (http::Endpoint endpoint : settings_.server.listen) {
        MERLON_TRY(http::require_free(main_.get_executor(), endpoint));
        for (auto& worker : workers_) {
            auto acceptor = MERLON_TRY(http::listen_on(worker->executor(), endpoint));
            // Port 0 became one that is free: the other workers share it.
            if (endpoint.unix_path.empty()) endpoint.port = http::port_of(acceptor);
            if (port_ == 0) port_ = endpoint.port;
            worker->server().serve(std::move(acceptor));
            if (!endpoint.unix_path.empty()) break;  // a Unix socket has one listener
        }
    }
    admin_deadlines_.start();
    admin_server_ = std::make_unique<http::Server>(main_.get_executor(), settings_.server, admin_,
                                                   admin_deadlines_, nullptr, 64);
    admin_server_->serve(MERLON_TRY(http::listen_on(main_.get_executor(), settings_.server.admin)));
    MERLON_TRY(make_first_admin());
    MERLON_TRY(fill_with(content));
    MERLON_TRY(open_operator_socket());
    observe_process(metrics_, clock_.wall());
    metrics_.observe_gauge("merlon_connections", "open client connections", [this] {
        std::size_t sum = 0;
        for (const auto& worker : workers_) sum += worker->server().connection_count();
        return static_cast<double>(sum);
    });
    return {};
}

void Platform::run() {
    std::vector<std::jthread> threads;
    for (auto& worker : workers_) threads.emplace_back([&worker] { worker->run(); });
    std::jthread fetching([this](std::stop_token stop) { remote_keys_.run(std::move(stop)); });
    database_->on_notice(identity::Identity::listen,
                         [this] { asio::post(main_, [this] { follow(); }); });
    tick();
    ready_.store(true, std::memory_order_release);
    main_.run();
    fetching.request_stop();
    for (auto& worker : workers_) worker->stop();
    threads.clear();
    ::unlink(operator_socket(settings_).c_str());
    store_last_events();
}

void Platform::tick() {
    second_.expires_after(std::chrono::seconds{1});
    second_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        refusals_.tick();
        store_events();
        revocations_.sweep();
        if (database_->is_shared()) follow();
        if (++seconds_ % probed_every_seconds == 0) {
            for (auto& probe : probes_) probe->ask(main_.get_executor());
            resume_orders();
        }
        if (seconds_ % forgotten_every_seconds == 0) {
            spawn(main_.get_executor(), identity_->forget_revocations());
        }
        tick();
    });
}

// What comes while one is under way may be too late for it.
void Platform::follow() {
    follows_again_ = is_following_;
    if (std::exchange(is_following_, true)) return;
    spawn(main_.get_executor(), identity_->follow(), [this](const Result<>&) {
        is_following_ = false;  // a failing store: probes_ say so
        if (std::exchange(follows_again_, false)) follow();
    });
}

void Platform::store_events() {
    if (std::exchange(is_storing_, true)) return;
    spawn(main_.get_executor(), event_store_.store(database_.get(), keys_.get()),
          [this](const Result<bool>&) { is_storing_ = false; });  // a failing store: probes_ say so
}

void Platform::store_last_events() {
    // What is under way ends first, or it would be stored twice.
    main_.restart();
    while (is_storing_) main_.run_one();
    refusals_.flush();
    Result<bool> has_more = true;
    while (has_more && *has_more) {
        has_more = wait(event_store_.store(database_.get(), keys_.get()));
    }
    if (has_more) return;
    std::fprintf(stderr, "merlon: the last refusals are logged but not stored: %s %s\n",
                 std::string(has_more.error().rule).c_str(), has_more.error().detail.c_str());
}

// What an error left half done; a crash's is finished before anything is served.
void Platform::resume_orders() {
    constexpr std::chrono::seconds age{30};  // longer than a request that is still at it
    if (!orders_ || std::exchange(is_resuming_, true)) return;
    spawn(main_.get_executor(), orders_->resume(age), [this](const Result<>& done) {
        is_resuming_ = false;
        if (done) return;
        std::fprintf(stderr, "merlon: orders wait: %s %s\n", std::string(done.error().rule).c_str(),
                     done.error().detail.c_str());
    });
}

void Platform::stop() {
    asio::post(main_, [this] {
        if (!ready_.exchange(false)) return;
        draining_workers_ = workers_.size();
        for (auto& worker : workers_) {
            asio::post(worker->executor(), [this, server = &worker->server()] {
                server->drain([this] {
                    asio::post(main_, [this] {
                        if (--draining_workers_ == 0) main_.stop();
                    });
                });
            });
        }
    });
}

Result<> Platform::reload(config::Settings settings) {
    const auto snapshot = MERLON_TRY(make_snapshot(settings));
    const auto tls = MERLON_TRY(make_tls(settings.server));
    MERLON_TRY(wait(identity_->reload(settings.tokens, settings.roles)));
    // Nothing can fail from here on.
    for (const std::string_view name : changed_fixed_settings(settings_, settings)) {
        std::fprintf(stderr, "merlon: %.*s has changed: in force after a restart\n",
                     static_cast<int>(name.size()), name.data());
    }
    for (auto& worker : workers_) {
        asio::post(worker->executor(), [worker = worker.get(), snapshot, tls] {
            worker->path().replace(snapshot);
            worker->server().replace_tls(tls);
        });
    }
    event_store_.write(
        {events::Type::ConfigReloaded, events::Severity::Info, clock_.wall(), {}, {}, {}});
    return {};
}

}  // namespace merlon::app

// The running program. It builds and owns everything: stores, roles, workers with their listeners,
// the admin listener, and what they share. Life cycle: make(), then run(), which ends after stop().
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "audit/event_store.h"
#include "base/line_writer.h"
#include "base/metrics.h"
#include "config/settings.h"
#include "dns/resolver.h"
#include "events/log_sink.h"
#include "events/refusals.h"
#include "fetch/curl_fetcher.h"
#include "installation/role_set.h"
#include "installation/stores.h"
#include "net/file_watch.h"
#include "redis/redis_server.h"
#include "server/admin.h"
#include "server/built_in_roles.h"
#include "server/certificate_expiry.h"
#include "server/operator.h"
#include "server/worker.h"

namespace merlon::server {

// Whether to fill an empty store with the demo's data first (server/demo.h).
enum class Content : std::uint8_t { AsItIs, Demo };

class Platform final {
public:
    // Opens every listener, so that a failure is known before anything is served.
    // Errors: "listen.…", "tls.…", "route.…", "tokens.secret", "demo.…", the detail for the
    // operator.
    static Result<std::unique_ptr<Platform>> make(config::Settings settings,
                                                  installation::RoleSet roles, Content content);
    ~Platform();

    // The port the first TCP listener got.
    std::uint16_t port() const { return port_; }

    // Serves until stop() and the end of the drain. Called once, on the main thread.
    void run();
    // Begins to drain. Safe from the loop that handles signals.
    void stop();
    // Replaces routes, limits, keys and certificates. Errors leave the old ones in force.
    Result<> reload(config::Settings settings);

    // For commands on the store itself, when no server runs: opens no listener. Errors: those of
    // opening the store.
    static Result<std::unique_ptr<Platform>> open_offline(config::Settings settings);
    // Carries a command out on the store. Errors: those of operations::run_command().
    Result<std::string> run_command(std::string command);

private:
    Platform(config::Settings settings, installation::RoleSet roles, int log_descriptor);
    Result<> open(Content content);
    Result<> listen(const net::ListenAddress& endpoint,
                    const std::function<http::Server&(Worker&)>& server_of);
    Result<> open_state();
    Result<> open_gateway();
    Result<> open_roles();
    Result<> renew_certificates();
    Result<> open_admin();
    Result<> take_operator_socket();
    Result<> serve_operator();
    Result<> make_first_admin();
    Result<> fill_with(Content content);
    Result<> await_auth();
    Result<std::shared_ptr<const gateway::Snapshot>> make_snapshot(
        const config::Settings& settings);
    void await_first_keys();
    void tick();
    void follow();
    void follow_auth();
    audit::EventStore::Keep keep();
    void store_events();
    void store_last_events();
    void run_periodic_tasks();

    config::Settings settings_;
    const installation::RoleSet roles_;
    SystemClock clock_;
    SystemEntropy entropy_;
    metrics::Registry metrics_;
    LineWriter log_;
    events::LogSink events_;
    audit::EventStore event_store_;
    events::Refusals refusals_;
    gateway::LimitTable limits_;
    dns::Resolver resolver_;
    std::unique_ptr<redis::RedisServer> redis_;  // null: no Redis is configured
    tokens::Revocations revocations_{clock_};
    std::atomic<bool> ready_{false};
    bool is_stopping_ = false;  // main loop's
    asio::io_context main_{1};
    net::Deadlines admin_deadlines_{main_.get_executor()};
    AdminHandler admin_;
    std::optional<identity::RedisState> redis_state_;  // where auth and Redis are
    // Declared before the workers, whose requests use them until they are destroyed.
    installation::Stores stores_;
    BuiltInRoles built_in_roles_{
        {stores_, revocations_, refusals_, events_, metrics_, clock_, entropy_, resolver_}};
    std::vector<BuiltInRoles::Offered> offered_;
    // The settings of the last reload; null: settings_. Main loop's.
    std::shared_ptr<const config::Settings> reloaded_;
    net::DiskFileStamps disk_stamps_;
    std::optional<net::FileWatch> certificates_;
    CertificateExpiry certificate_expiry_;
    fetch::CurlFetcher fetcher_;
    tokens::RemoteKeySets remote_keys_;
    std::unique_ptr<http::Server> admin_server_;
    std::unique_ptr<OperatorHandler> operator_;
    std::optional<net::Acceptor> operator_acceptor_;  // from the start of open() until it serves
    std::unique_ptr<http::Server> operator_server_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::size_t draining_servers_ = 0;
    std::uint16_t port_ = 0;
    asio::steady_timer second_{main_};
    unsigned seconds_ = 0;  // since the start
    bool is_storing_ = false;
    struct PeriodicRun {
        rpc::PeriodicTask task;
        bool is_running = false;
    };
    std::vector<PeriodicRun> periodic_;  // complete before the first tick
    bool is_following_ = false;
    bool follows_again_ = false;
    asio::steady_timer auth_pause_{main_};
    std::string last_auth_error_;
};

}  // namespace merlon::server

// Runs the program: periodic work, following other processes' changes, reload, drain.
#include <unistd.h>

#include "audit/remote/events_port.h"
#include "base/spawn.h"
#include "base/wait.h"
#include "identity/store/schema.h"
#include "installation/store_lock.h"
#include "rpc/identities.h"
#include "rpc/names.h"
#include "server/fixed_settings.h"
#include "server/memory.h"
#include "server/platform.h"
#include "server/say.h"

namespace merlon::server {
namespace {

constexpr unsigned probed_every_seconds = 5;
constexpr unsigned memory_returned_every_seconds = 10;

}  // namespace

void Platform::run() {
    std::vector<std::jthread> threads;
    for (auto& worker : workers_) threads.emplace_back([&worker] { worker->run(); });
    await_first_keys();
    std::jthread fetching([this](std::stop_token stop) { remote_keys_.run(std::move(stop)); });
    if (built_in_roles_.auth()) {
        stores_.database_of(identity::auth_role).on_notice(identity::Identity::listen, [this] {
            asio::post(main_, [this] { follow(); });
        });
    }
    if (built_in_roles_.feed()) follow_auth();
    for (rpc::PeriodicTask task : built_in_roles_.periodic_tasks()) {
        periodic_.push_back({std::move(task)});
    }
    tick();
    main_.run();
    fetching.request_stop();
    for (auto& worker : workers_) worker->stop();
    threads.clear();
    if (operator_server_) ::unlink(installation::operator_socket(settings_).c_str());
    store_last_events();
}

// Ready once the keys of every trusted issuer were fetched or could not be: some seconds at most.
void Platform::await_first_keys() {
    remote_keys_.when_tried([this] {
        asio::post(main_, [this] {
            if (!is_stopping_) ready_.store(true, std::memory_order_release);
        });
    });
}

void Platform::tick() {
    second_.expires_after(std::chrono::seconds{1});
    second_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        refusals_.tick();
        store_events();
        revocations_.sweep();
        certificates_->tick();
        certificate_expiry_.tick();
        identity::Identity* auth = built_in_roles_.auth();
        if (auth != nullptr) {
            if (redis_state_) redis_state_->session_keys.tick();
            if (stores_.database_of(identity::auth_role).is_shared()) {
                follow();
            } else {
                auth->heartbeat();
            }
        }
        if (++seconds_ % probed_every_seconds == 0) {
            for (const auto& probe : stores_.probes()) probe->ask(main_.get_executor());
        }
        if (seconds_ % memory_returned_every_seconds == 0) return_free_memory();
        run_periodic_tasks();
        tick();
    });
}

// A notice during a run may come too late for it: then it runs again.
void Platform::follow() {
    follows_again_ = is_following_;
    if (std::exchange(is_following_, true)) return;
    spawn(main_.get_executor(), built_in_roles_.auth()->follow(), [this](const Result<>&) {
        is_following_ = false;  // a failing store: the probes say so
        built_in_roles_.auth()->heartbeat();
        if (std::exchange(follows_again_, false)) follow();
    });
}

// One request after the other; after a failure with a pause.
void Platform::follow_auth() {
    spawn(main_.get_executor(), built_in_roles_.feed()->follow(), [this](const Result<>& followed) {
        const std::string why = followed ? "" : std::string(followed.error().rule);
        if (why != last_auth_error_) {
            say(followed ? "auth is back" : "auth: " + why + " " + followed.error().detail);
            last_auth_error_ = why;
        }
        auth_pause_.expires_after(std::chrono::milliseconds{followed ? 0 : 200});
        auth_pause_.async_wait([this](const boost::system::error_code& error) {
            if (!error) follow_auth();
        });
    });
}

// Where events of refusals are stored: in our store, or in auth's. In a process without either,
// because its roles are disabled, they are in the log only.
audit::EventStore::Keep Platform::keep() {
    if (rpc::Client* auth = built_in_roles_.auth_client()) {
        return [auth](std::vector<events::Event> batch) {
            return audit::send_events(auth, std::move(batch));
        };
    }
    if (stores_.refusals() == nullptr) {
        return [](std::vector<events::Event>) -> Task<> { co_return Result<>{}; };
    }
    return [this](std::vector<events::Event> batch) {
        return audit::keep_events(stores_.refusals(), stores_.keys(), &entropy_, std::move(batch));
    };
}

void Platform::store_events() {
    if (std::exchange(is_storing_, true)) return;
    spawn(main_.get_executor(), event_store_.store(keep()),
          [this](const Result<bool>&) { is_storing_ = false; });  // a failing store: probes say so
}

void Platform::store_last_events() {
    // A batch in progress ends first, or it would be stored twice.
    main_.restart();
    while (is_storing_) main_.run_one();
    refusals_.flush();
    Result<bool> has_more = true;
    while (has_more && *has_more) has_more = wait(event_store_.store(keep()));
    if (has_more) return;
    say("the last refusals are logged but not stored: " + std::string(has_more.error().rule) + " " +
        has_more.error().detail);
}

void Platform::run_periodic_tasks() {
    for (PeriodicRun& one : periodic_) {
        if (seconds_ % static_cast<unsigned>(one.task.interval.count()) != 0) continue;
        if (std::exchange(one.is_running, true)) continue;
        spawn(main_.get_executor(), one.task.run(), [&one](const Result<>& done) {
            one.is_running = false;
            if (done) return;
            say(std::string(one.task.name) + ": " + std::string(done.error().rule) + " " +
                done.error().detail);
        });
    }
}

void Platform::stop() {
    asio::post(main_, [this] {
        if (std::exchange(is_stopping_, true)) return;
        ready_.store(false);
        for (const auto& worker : workers_) draining_servers_ += worker->servers().size();
        for (const auto& worker : workers_) {
            for (const auto& server : worker->servers()) {
                asio::post(worker->executor(), [this, server = server.get()] {
                    server->drain([this] {
                        asio::post(main_, [this] {
                            if (--draining_servers_ == 0) main_.stop();
                        });
                    });
                });
            }
        }
    });
}

// Open connections stay; new ones present and verify the new certificates.
Result<> Platform::renew_certificates() {
    const config::Settings& settings = reloaded_ ? *reloaded_ : settings_;
    std::vector<std::shared_ptr<const net::TlsServerContext>> contexts;
    for (const auto& [name, role] : offered_) {
        contexts.push_back(MERLON_TRY(rpc::listener_tls(settings_.fleet, name, role->callers())));
    }
    std::shared_ptr<const gateway::Snapshot> snapshot;
    if (roles_.has(rpc::gateway_name)) snapshot = MERLON_TRY(make_snapshot(settings));
    MERLON_TRY(built_in_roles_.renew_certificates(settings_));
    for (const auto& worker : workers_) {
        asio::post(worker->executor(), [worker = worker.get(), contexts, snapshot] {
            if (snapshot) worker->path()->replace(snapshot);
            for (std::size_t i = 0; i < contexts.size(); ++i) {
                worker->role_servers()[i]->replace_tls(contexts[i]);
            }
        });
    }
    certificate_expiry_.replace(certificates_of(settings, roles_));
    say("certificates read again");
    return {};
}

Result<> Platform::reload(config::Settings settings) {
    std::shared_ptr<const gateway::Snapshot> snapshot;
    std::shared_ptr<const net::TlsServerContext> tls;
    if (settings.has_identity() != settings_.has_identity()) {
        return fail(Kind::Invalid, "config.fixed",
                    "identity.enabled has changed: it takes a restart");
    }
    if (roles_.has(rpc::gateway_name)) {
        snapshot = MERLON_TRY(make_snapshot(settings));
        tls = MERLON_TRY(net::TlsServerContext::make_if_any(settings.server.tls));
    }
    MERLON_TRY(built_in_roles_.reload(settings));
    // Nothing can fail from here on.
    for (const std::string_view name : changed_fixed_settings(settings_, settings)) {
        say(std::string(name) + " has changed: in force after a restart");
    }
    for (auto& worker : workers_) {
        if (worker->path() == nullptr) continue;
        asio::post(worker->executor(), [worker = worker.get(), snapshot, tls] {
            worker->path()->replace(snapshot);
            worker->gateway_server()->replace_tls(tls);
        });
    }
    event_store_.write(
        {events::Type::ConfigReloaded, events::Severity::Info, clock_.wall(), {}, {}, {}});
    asio::post(main_, [this, fresh = std::make_shared<config::Settings>(std::move(settings))] {
        reloaded_ = fresh;
        certificate_expiry_.replace(certificates_of(*fresh, roles_));
    });
    return {};
}

}  // namespace merlon::server

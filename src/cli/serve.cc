// merlon serve and merlon healthcheck.
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <thread>

#include "cli/commands.h"
#include "cli/role_option.h"
#include "config/values.h"
#include "rpc/names.h"
#include "server/healthcheck.h"
#include "server/platform.h"

namespace merlon::cli {
namespace {

// From this thread, the last one that takes any; for the rest of the process.
void keep_signals_off() {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&signals, signal);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

int serve(const Arguments& arguments, const std::vector<std::string>& role_names,
          server::Content content) {
    const auto named = find_roles(role_names);
    if (!named) return exit_usage;
    if (content == server::Content::Demo && !named->is_whole()) {
        std::fprintf(stderr, "merlon: --demo fills the stores of all roles: leave --role out\n");
        return exit_usage;
    }
    const TokenUse tokens = token_use_of(*named);
    auto settings = load(arguments, tokens).settings;
    if (!settings) return exit_configuration;
    if (content == server::Content::Demo && !has_store(*settings)) return exit_configuration;
    const auto roles = named->enabled_in(*settings);
    if (!roles) {
        std::fprintf(stderr, "merlon: %s\n", roles.error().detail.c_str());
        return exit_configuration;
    }
    const std::string host = settings->server.listen.front().host;
    const std::string scheme =
        settings->server.tls.empty() && roles->has(rpc::gateway_name) ? "http" : "https";

    const std::vector<net::ListenAddress> redirects = roles->has(rpc::gateway_name)
                                                          ? settings->server.redirect
                                                          : std::vector<net::ListenAddress>();

    auto platform = server::Platform::make(*std::move(settings), *roles, content);
    if (!platform) {
        std::fprintf(stderr, "merlon: %s\n", platform.error().detail.c_str());
        return platform.error().kind == Kind::Unavailable ? exit_unavailable : exit_configuration;
    }
    // Signals are waited for on a thread of their own, so that none interrupts a worker.
    asio::io_context signals_loop;
    asio::signal_set signals(signals_loop, SIGTERM, SIGINT, SIGHUP);
    unsigned reloads_asked = 0;
    const auto reload = [&] {
        auto fresh = load(arguments, tokens).settings;
        const Result<> done = fresh ? (*platform)->reload(*std::move(fresh))
                                    : fail(Kind::Invalid, "config.invalid", "see above");
        std::fprintf(stderr, "merlon: %s\n",
                     done
                         ? "configuration reloaded"
                         : ("configuration not reloaded, the old one stays: " + done.error().detail)
                               .c_str());
    };
    std::function<void()> wait = [&] {
        signals.async_wait([&](const boost::system::error_code& error, int signal) {
            if (error) return;
            if (signal != SIGHUP) {
                ++reloads_asked;  // what is asked for already is void: nothing begins any more
                std::fprintf(stderr, "merlon: draining\n");
                return (*platform)->stop();
            }
            // Of many that have come the last one's reload is enough, and the end does not wait
            // behind them: those are heard before the post below has its turn.
            wait();
            asio::post(signals_loop, [&, number = ++reloads_asked] {
                if (number == reloads_asked) reload();
            });
        });
    };
    wait();
    // Who reads this may send a signal at once.
    std::fprintf(stderr, "merlon: listening on %s://%s:%u\n", scheme.c_str(), host.c_str(),
                 static_cast<unsigned>((*platform)->port()));
    for (const net::ListenAddress& address : redirects) {
        std::fprintf(stderr, "merlon: http://%s sends to https\n",
                     config::listen_address_text(address).c_str());
    }
    std::jthread signal_thread([&] { signals_loop.run(); });
    (*platform)->run();
    signals_loop.stop();
    signal_thread.join();
    // A second SIGTERM must not end the process while it closes its stores, nor make its end look
    // like a failure: it is heard until they are closed, and then kept off.
    platform->reset();
    keep_signals_off();
    return 0;
}

int healthcheck(const Arguments& arguments) {
    const auto settings = load(arguments, TokenUse::None).settings;
    if (!settings) return exit_configuration;
    const Result<> ready = server::check_readiness(settings->server.admin);
    if (arguments.json) std::printf("{\"ready\":%s}\n", ready ? "true" : "false");
    if (ready) return 0;
    std::fprintf(stderr, "merlon: %s\n", ready.error().detail.c_str());
    return exit_unavailable;
}

}  // namespace

void add_serve(CLI::App& program, Arguments& arguments) {
    CLI::App* command = program.add_subcommand("serve", "Start the gateway");
    add_config_options(*command, arguments);
    auto roles = std::make_shared<std::vector<std::string>>();
    add_role_option(*command, *roles, "Only these roles, the others are elsewhere (fleet)");
    CLI::Option* demo = command->add_flag("--demo")->description(
        "Fill an empty store with products, users and orders; prints their passwords once");
    command->add_flag_callback("--json", [] {}, "Events are JSON, which they always are");
    command->callback([&arguments, roles, demo] {
        arguments.code = serve(arguments, *roles,
                               demo->count() > 0 ? server::Content::Demo : server::Content::AsItIs);
    });
}

void add_healthcheck(CLI::App& program, Arguments& arguments) {
    CLI::App* command =
        program.add_subcommand("healthcheck", "Ask the running server whether it is ready");
    add_config_options(*command, arguments);
    add_json_option(*command, arguments);
    command->callback([&arguments] { arguments.code = healthcheck(arguments); });
}

}  // namespace merlon::cli

// The program's commands. Each returns its exit code: 0 done, 1 failed, 2 usage, 69 unavailable, 78
// configuration.
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <thread>

#include "app/exit_code.h"
#include "app/healthcheck.h"
#include "app/operator_commands.h"
#include "app/platform.h"
#include "app/token_command.h"
#include "config/load.h"

extern char** environ;

namespace merlon::app {
namespace {

std::map<std::string, std::string> environment_of_process() {
    std::map<std::string, std::string> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const std::size_t equals = text.find('=');
        if (equals != std::string_view::npos) {
            environment.emplace(text.substr(0, equals), text.substr(equals + 1));
        }
    }
    return environment;
}

// The settings; every problem is printed.
std::optional<config::Settings> load_settings(const std::string& path) {
    config::Loaded loaded = config::load({path, environment_of_process()}, config::DiskFiles());
    for (const config::Problem& problem : loaded.problems) {
        std::fprintf(stderr, "%s\n", problem.text().c_str());
    }
    return std::move(loaded.settings);
}

int serve(const std::string& path) {
    auto settings = load_settings(path);
    if (!settings) return exit_configuration;
    const std::string host = settings->server.listen.front().host;
    const std::string scheme = settings->server.tls.empty() ? "http" : "https";

    auto platform = Platform::make(*std::move(settings));
    if (!platform) {
        std::fprintf(stderr, "merlon: %s\n", platform.error().detail.c_str());
        return platform.error().kind == Kind::Unavailable ? exit_unavailable : exit_configuration;
    }
    std::fprintf(stderr, "merlon: listening on %s://%s:%u\n", scheme.c_str(), host.c_str(),
                 static_cast<unsigned>((*platform)->port()));
    // Signals are waited for on a thread of their own, so that none interrupts a worker.
    asio::io_context signals_loop;
    asio::signal_set signals(signals_loop, SIGTERM, SIGINT, SIGHUP);
    std::function<void()> wait = [&] {
        signals.async_wait([&](const boost::system::error_code& error, int signal) {
            if (error) return;
            if (signal != SIGHUP) {
                std::fprintf(stderr, "merlon: draining\n");
                return (*platform)->stop();
            }
            auto fresh = load_settings(path);
            const Result<> done = fresh ? (*platform)->reload(*std::move(fresh))
                                        : fail(Kind::Invalid, "config.invalid", "see above");
            std::fprintf(
                stderr, "merlon: %s\n",
                done ? "configuration reloaded"
                     : ("configuration not reloaded, the old one stays: " + done.error().detail)
                           .c_str());
            wait();
        });
    };
    wait();
    std::jthread signal_thread([&] { signals_loop.run(); });
    (*platform)->run();
    signals_loop.stop();
    return 0;
}

int check_config(const std::string& path) {
    if (!load_settings(path)) return exit_configuration;
    std::fprintf(stderr, "the configuration is sound\n");
    return 0;
}

int healthcheck(const std::string& path) {
    const auto settings = load_settings(path);
    if (!settings) return exit_configuration;
    const Result<> ready = ask_readiness(settings->server.admin);
    if (ready) return 0;
    std::fprintf(stderr, "merlon: %s\n", ready.error().detail.c_str());
    return exit_unavailable;
}

// Exit codes of the commands that judge: 1 refused, 2 when the command itself cannot be carried
// out.
int report(const Result<>& done, int refused) {
    if (done) return 0;
    std::fprintf(stderr, "merlon: %s %s\n", std::string(done.error().rule).c_str(),
                 done.error().detail.c_str());
    return refused;
}

int inspect(const std::string& argument) {
    auto token = argument.empty() ? read_token_from_stdin() : Result<std::string>(argument);
    auto shown = token ? inspect_token(*token) : std::move(token);
    if (!shown) return report(std::unexpected(std::move(shown).error()), 1);
    std::printf("%s\n", shown->c_str());
    return 0;
}

int verify(const std::string& jwk_path) {
    const auto token = read_token_from_stdin();
    const Result<> done =
        token ? verify_signature(*token, jwk_path) : Result<>(std::unexpected(token.error()));
    const bool is_about_key =
        !done && (done.error().rule.starts_with("jwk.") || done.error().rule.starts_with("key."));
    return report(done, is_about_key ? 2 : 1);
}

int run(int argc, char** argv) {
    CLI::App program{"Merlon, the security platform of a microservice system"};
    program.require_subcommand(1);
    std::string path;
    bool json = false;
    int code = 0;

    auto* serve_command = program.add_subcommand("serve", "Start the gateway");
    auto* config_command = program.add_subcommand("config", "Look at the configuration");
    auto* check_command = config_command->add_subcommand("check", "Say all that is wrong with it");
    auto* health_command =
        program.add_subcommand("healthcheck", "Ask the running server whether it is ready");
    auto* version_command = program.add_subcommand("version", "Print the version");
    config_command->require_subcommand(1);
    for (auto* command : {serve_command, check_command, health_command}) {
        command->add_option("-c,--config", path, "The configuration (default: ./merlon.yaml)");
    }
    auto* token_command = program.add_subcommand("token", "Look at tokens");
    token_command->require_subcommand(1);
    std::string token;
    std::string jwk_path;
    bool signature_only = false;
    auto* inspect_command =
        token_command->add_subcommand("inspect", "Show header and claims; judges nothing");
    inspect_command->add_option("token", token, "The token (default: standard input)");
    inspect_command->add_flag("--json", json, "JSON, which it always is");
    auto* verify_command = token_command->add_subcommand(
        "verify", "Judge the signature of the token on standard input: exit 0 or 1");
    verify_command->add_option("--jwk", jwk_path, "The key, a JWK file")->required();
    verify_command->add_flag("--signature-only", signature_only, "Leave the claims alone")
        ->required();
    inspect_command->callback([&] { code = inspect(token); });
    verify_command->callback([&] { code = verify(jwk_path); });
    OperatorCommands operator_commands(program, load_settings, code);
    serve_command->callback([&] { code = serve(path); });
    check_command->callback([&] { code = check_config(path); });
    health_command->callback([&] { code = healthcheck(path); });
    version_command->add_flag("--json", json, "Print JSON");
    version_command->callback(
        [&] { std::printf(json ? "{\"version\":\"%s\"}\n" : "merlon %s\n", MERLON_VERSION); });

    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return program.exit(error) == 0 ? 0 : 2;
    }
    return code;
}

}  // namespace
}  // namespace merlon::app

int main(int argc, char** argv) {
    std::signal(SIGPIPE,
                SIG_IGN);  // a peer that goes is an error of that write, not of the process
    return merlon::app::run(argc, argv);
}

// merlon token: verifies and inspects tokens without a server.
#include <cstdio>

#include "cli/commands.h"
#include "operations/token_command.h"

namespace merlon::cli {
namespace {

int inspect(const std::string& argument) {
    auto token =
        argument.empty() ? operations::read_token_from_stdin() : Result<std::string>(argument);
    auto shown = token ? operations::inspect_token(*token) : std::move(token);
    if (!shown) return report(std::unexpected(std::move(shown).error()), 1);
    std::printf("%s\n", shown->c_str());
    return 0;
}

int verify(const Arguments& arguments, const std::string& jwk_path) {
    const auto key = operations::read_verify_key(jwk_path);
    if (!key) return report(std::unexpected(key.error()), exit_usage);
    const auto token = operations::read_token_from_stdin();
    const Result<> done = token ? operations::verify_signature(*token, *key)
                                : Result<>(std::unexpected(token.error()));
    if (arguments.json) {
        const std::string rule = done ? "" : R"(,"rule":")" + std::string(done.error().rule) + '"';
        std::printf(R"({"valid":%s%s})"
                    "\n",
                    done ? "true" : "false", rule.c_str());
    }
    return report(done, 1);
}

}  // namespace

void add_token(CLI::App& program, Arguments& arguments) {
    CLI::App* group = program.add_subcommand("token", "Look at tokens");
    group->require_subcommand(1);

    CLI::App* inspect_command =
        group->add_subcommand("inspect", "Show header and claims; judges nothing");
    CLI::Option* token =
        inspect_command->add_option("token", "The token (default: standard input)");
    add_json_option(*inspect_command);
    inspect_command->callback([&arguments, token] {
        arguments.code = inspect(token->count() > 0 ? token->as<std::string>() : "");
    });

    CLI::App* verify_command = group->add_subcommand(
        "verify", "Judge the signature of the token on standard input: exit 0 or 1");
    CLI::Option* jwk = verify_command->add_option("--jwk", "The key, a JWK file")->required();
    verify_command->add_flag("--signature-only")->description("Leave the claims alone")->required();
    add_json_option(*verify_command, arguments);
    verify_command->callback(
        [&arguments, jwk] { arguments.code = verify(arguments, jwk->as<std::string>()); });
}

}  // namespace merlon::cli

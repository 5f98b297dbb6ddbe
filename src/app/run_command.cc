// From a command's JSON to a call of Identity.
#include "app/run_command.h"

#include <boost/json.hpp>
#include <map>

#include "wire/json.h"

namespace merlon::app {
namespace {

using identity::Identity;

// All that commands take is text.
struct Command {
    std::string name;  // user.lock
    std::map<std::string, std::string> members;
    std::string text;

    std::string of(const std::string& member) const {
        const auto found = members.find(member);
        return found != members.end() ? found->second : std::string();
    }
};

Result<Command> parse_command(std::string text) {
    const auto parsed = wire::parse_json(text, {.bytes = 64 << 10, .depth = 4});
    if (!parsed || !parsed->is_object()) return fail(Kind::Invalid, "command.malformed");
    Command command;
    for (const auto& [name, value] : parsed->get_object()) {
        if (!value.is_string()) return fail(Kind::Invalid, "command.malformed", name);
        command.members.emplace(name, value.get_string());
    }
    command.name = command.of("command");
    command.text = std::move(text);
    return command;
}

Result<wire::Email> email_of(const Command& command) {
    auto email = wire::Email::parse(command.of("email"));
    if (!email) return fail(Kind::Invalid, "command.email", "no e-mail address");
    return email;
}

Task<std::string> run_user_command(Identity* identity, Command command) {
    if (command.name == "user.list") co_return co_await identity->list_accounts();
    if (command.name == "user.create") {
        auto form = MERLON_CO_TRY(identity::RegisterForm::parse(command.text));
        const std::string role = command.of("role");
        co_return co_await identity->create_account(std::move(form), role.empty() ? "user" : role);
    }
    if (command.name == "user.password") {
        MERLON_CO_TRY(co_await identity->reset_password(
            MERLON_CO_TRY(identity::ResetForm::parse(command.text))));
        co_return std::string("{}");
    }
    auto email = MERLON_CO_TRY(email_of(command));
    if (command.name == "user.lock") {
        MERLON_CO_TRY(co_await identity->set_lock(std::move(email), Identity::Lock::On));
    } else if (command.name == "user.unlock") {
        MERLON_CO_TRY(co_await identity->set_lock(std::move(email), Identity::Lock::Off));
    } else if (command.name == "user.role") {
        MERLON_CO_TRY(co_await identity->set_role(std::move(email), command.of("role")));
    } else {
        co_return fail(Kind::Invalid, "command.unknown", command.name);
    }
    co_return std::string("{}");
}

Task<std::string> run_session_command(Identity* identity, Command command) {
    if (command.name == "session.list" && !command.of("user").empty()) {
        co_return co_await identity->list_sessions_of(command.of("user"));
    }
    if (command.name == "session.list") {
        co_return co_await identity->list_sessions_of(MERLON_CO_TRY(email_of(command)));
    }
    if (command.name != "session.revoke") {
        co_return fail(Kind::Invalid, "command.unknown", command.name);
    }
    MERLON_CO_TRY(co_await identity->revoke_session(command.of("session")));
    co_return std::string("{}");
}

Task<std::string> run_key_command(Identity* identity, Command command) {
    using identity::KeyStart;
    if (command.name == "key.list") co_return co_await identity->list_keys();
    if (command.name == "key.rotate") {
        const bool at_once = command.of("start") == "now";
        co_return co_await identity->rotate_keys(at_once ? KeyStart::AtOnce : KeyStart::Published);
    }
    if (command.name == "key.retire") co_return co_await identity->retire_key(command.of("kid"));
    co_return fail(Kind::Invalid, "command.unknown", command.name);
}

}  // namespace

Task<std::string> run_command(Identity* identity, std::string text) {
    Command command = MERLON_CO_TRY(parse_command(std::move(text)));
    if (command.name.starts_with("key.")) {
        co_return co_await run_key_command(identity, std::move(command));
    }
    if (command.name.starts_with("session.")) {
        co_return co_await run_session_command(identity, std::move(command));
    }
    co_return co_await run_user_command(identity, std::move(command));
}

}  // namespace merlon::app

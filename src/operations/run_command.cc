// Turns an operator's command, JSON, into a call, and its result into JSON.
#include "operations/run_command.h"

#include <boost/json.hpp>
#include <map>
#include <set>

#include "base/text.h"
#include "base/uuid.h"
#include "wire/json.h"
#include "wire/json_text.h"

namespace merlon::operations {

// The one maker of operators. It has no header: an operator's commands are carried out here only.
class OperatorCommands final {
public:
    static access::Actor actor() { return access::Operator(); }
};

namespace {

using identity::Identity;

// All that commands take is text, and yes or no.
struct Command {
    std::string name;  // user.lock
    std::map<std::string, std::string> members;
    std::set<std::string> flags;  // those that are true
    Secret text;                  // a form reads it: a password is in no other place

    std::string of(const std::string& member) const {
        const auto found = members.find(member);
        return found != members.end() ? found->second : std::string();
    }
    bool has(const std::string& flag) const { return flags.contains(flag); }
};

Result<Command> parse_command(Secret text) {
    const auto parsed = wire::parse_json(text.reveal(), {.bytes = command_bytes_max, .depth = 4});
    if (!parsed || !parsed->is_object()) return fail(Kind::Invalid, "command.malformed");
    Command command;
    for (const auto& [name, value] : parsed->get_object()) {
        if (value.is_bool()) {
            if (value.get_bool()) command.flags.emplace(name);
        } else if (!value.is_string()) {
            return fail(Kind::Invalid, "command.malformed", name);
        } else if (name != "password") {
            command.members.emplace(name, value.get_string());
        }
    }
    command.name = command.of("command");
    command.text = std::move(text);
    return command;
}

// The id of the user whom a command names, by an id or an e-mail address.
Task<std::string> user_of(Identity* identity, std::string name) {
    if (const auto id = Uuid::parse(name)) {
        MERLON_CO_TRY(co_await identity->account_lookup().require_json(id->str()));
        co_return id->str();
    }
    auto email = wire::Email::parse(name);
    if (!email) co_return fail(Kind::Invalid, "command.user", "no e-mail address and no id");
    co_return co_await identity->account_lookup().require_id(*std::move(email));
}

// A page of all after an id, or the one with an address, if there is one.
Task<std::string> list_users(Identity* identity, Command command) {
    identity::AccountLookup& lookup = identity->account_lookup();
    const std::string address = command.of("email");
    if (address.empty()) {
        co_return MERLON_CO_TRY(co_await lookup.list(command.of("after"), users_listed_max)).json;
    }
    const auto email = wire::Email::parse(address);
    const auto id = email ? MERLON_CO_TRY(co_await lookup.find_id(*email)) : std::nullopt;
    if (!id) co_return std::string("[]");
    co_return "[" + MERLON_CO_TRY(co_await lookup.require_json(*id)) + "]";
}

template <class Form>
Result<Form> form_of(const Command& command, const Identity& identity) {
    const Secret body =
        MERLON_TRY(identity::validate_body(Form::schema, command.text.reveal(), identity.names()));
    return Form::parse(body.reveal());
}

Result<identity::AccountChange> change_of(const Command& command) {
    identity::AccountChange change{.may_leave_no_admin = command.has("force")};
    if (command.name == "user.lock") {
        change.is_locked = true;
    } else if (command.name == "user.unlock") {
        change.is_locked = false;
    } else if (command.name == "user.role") {
        change.role = command.of("role");
    } else {
        return fail(Kind::Invalid, "command.unknown", command.name);
    }
    return change;
}

// The lines in base64url, so that they arrive as they are in the file, whatever their bytes.
Task<std::string> run_user_import(Identity* identity, Command command) {
    const auto lines = text::from_base64url(command.of("lines"));
    if (!lines) co_return fail(Kind::Invalid, "command.malformed", "lines");
    using Mode = identity::ImportBatch::Mode;
    const auto outcomes = MERLON_CO_TRY(co_await identity->account_import().run(
        {.lines = *lines,
         .run = command.of("run"),
         .mode = command.has("dryRun") ? Mode::DryRun : Mode::Store}));
    co_return identity::to_json(outcomes);
}

Task<std::string> run_user_command(Identity* identity, Command command) {
    const access::Actor by_operator = OperatorCommands::actor();
    if (command.name == "user.list") co_return co_await list_users(identity, std::move(command));
    if (command.name == "user.create") {
        auto form = MERLON_CO_TRY(form_of<identity::RegisterForm>(command, *identity));
        const std::string role = command.of("role");
        co_return co_await identity->accounts().create(std::move(form),
                                                       role.empty() ? "user" : role, by_operator);
    }
    if (command.name == "user.password") {
        auto form = MERLON_CO_TRY(form_of<identity::ResetForm>(command, *identity));
        MERLON_CO_TRY(co_await identity->accounts().reset_password(
            MERLON_CO_TRY(co_await user_of(identity, command.of("user"))), std::move(form)));
        co_return std::string("{}");
    }
    if (command.name == "user.import") {
        co_return co_await run_user_import(identity, std::move(command));
    }
    const auto change = MERLON_CO_TRY(change_of(command));
    const std::string id = MERLON_CO_TRY(co_await user_of(identity, command.of("user")));
    co_return co_await identity->accounts().change(id, change, by_operator);
}

Task<std::string> run_session_command(Identity* identity, Command command) {
    if (command.name == "session.list") {
        co_return co_await identity->sessions().list_of(
            MERLON_CO_TRY(co_await user_of(identity, command.of("user"))));
    }
    if (command.name != "session.revoke") {
        co_return fail(Kind::Invalid, "command.unknown", command.name);
    }
    MERLON_CO_TRY(co_await identity->sessions().revoke(command.of("session")));
    co_return std::string("{}");
}

Task<std::string> run_key_command(Identity* identity, Command command) {
    using identity::KeyStart;
    identity::KeyAdministration& keys = identity->key_administration();
    if (command.name == "key.list") co_return co_await keys.list();
    if (command.name == "key.rotate") {
        co_return co_await keys.rotate(command.has("atOnce") ? KeyStart::AtOnce
                                                             : KeyStart::Published);
    }
    if (command.name == "key.retire") co_return co_await keys.retire(command.of("kid"));
    co_return fail(Kind::Invalid, "command.unknown", command.name);
}

// A member that may be absent, by one of a list of names.
template <class Value, class Find>
Result<std::optional<Value>> named_of(const Command& command, const char* member, Find find) {
    const std::string name = command.of(member);
    if (name.empty()) return std::optional<Value>();
    const std::optional<Value> found = find(name);
    if (!found) return fail(Kind::Invalid, "command.malformed", std::string(member) + " " + name);
    return found;
}

Result<storage::EventQuery> event_query_of(const Command& command) {
    storage::EventQuery query;
    query.type = MERLON_TRY(named_of<events::Type>(command, "type", events::find_type));
    query.severity =
        MERLON_TRY(named_of<events::Severity>(command, "severity", events::find_severity));
    query.limit = text::parse_number<std::int64_t>(command.of("limit")).value_or(0);
    if (query.limit < 1 || query.limit > audit_tail_max) {
        return fail(Kind::Invalid, "command.malformed", "limit");
    }
    return query;
}

Result<std::optional<audit::EventPosition>> position_of(const Command& command) {
    const std::string text = command.of("after");
    if (text.empty()) return std::optional<audit::EventPosition>();
    return std::optional(MERLON_TRY(audit::EventPosition::parse(text)));
}

// {"last":"data:7","events":["{\"type\":…}"]}: each as the text that is stored.
Task<std::string> run_audit_command(std::vector<audit::EventSource> sources, Command command) {
    if (command.name != "audit.tail") {
        co_return fail(Kind::Invalid, "command.unknown", command.name);
    }
    const storage::EventQuery query = MERLON_CO_TRY(event_query_of(command));
    const audit::EventList found = MERLON_CO_TRY(co_await audit::list_events(
        std::move(sources), query, MERLON_CO_TRY(position_of(command))));
    std::string json = R"({"last":")" + found.last.text() + R"(","events":[)";
    for (const std::string& event : found.events) {
        if (json.back() != '[') json += ',';
        wire::append_json_string(json, event);
    }
    co_return json + "]}";
}

}  // namespace

Task<std::string> run_command(CommandTargets targets, Secret text) {
    Identity* identity = targets.identity;
    Command command = MERLON_CO_TRY(parse_command(std::move(text)));
    if (command.name.starts_with("audit.")) {
        co_return co_await run_audit_command(std::move(targets.events), std::move(command));
    }
    if (identity == nullptr) co_return fail(Kind::Invalid, "command.unknown", command.name);
    if (command.name.starts_with("key.")) {
        co_return co_await run_key_command(identity, std::move(command));
    }
    if (command.name.starts_with("session.")) {
        co_return co_await run_session_command(identity, std::move(command));
    }
    co_return co_await run_user_command(identity, std::move(command));
}

}  // namespace merlon::operations

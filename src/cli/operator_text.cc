// Reads the answers' JSON, which is our own, and says it in words.
#include "cli/operator_text.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "cli/table.h"

namespace merlon::cli {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    if (value == nullptr || value->is_null()) return "-";
    return printable(value->is_string() ? std::string(value->get_string())
                                        : json::serialize(*value));
}

const json::object& object_of(const json::value& value) {
    static const json::object none;
    return value.is_object() ? value.get_object() : none;
}

bool is_true(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value != nullptr && value->is_bool() && value->get_bool();
}

std::string state_of(const json::object& account) {
    if (is_true(account, "unreadable")) return "unreadable";
    return is_true(account, "locked") ? "locked" : "";
}

std::string name_of(const json::object& account) {
    const std::string name = text_of(account, "firstName") + " " + text_of(account, "lastName");
    return is_true(account, "unreadable") ? std::string() : name;
}

std::string users_text(const json::array& users) {
    if (users.empty()) return "no such user\n";
    std::vector<std::vector<std::string>> rows;
    for (const json::value& one : users) {
        const json::object& user = object_of(one);
        rows.push_back({text_of(user, "id"), text_of(user, "email"), name_of(user),
                        text_of(user, "role"), text_of(user, "createdAt"), state_of(user)});
    }
    return to_table({"ID", "ADDRESS", "NAME", "ROLE", "SINCE", "STATE"}, rows);
}

std::string sessions_text(const json::array& sessions) {
    if (sessions.empty()) return "no session: this user is signed in nowhere\n";
    std::vector<std::vector<std::string>> rows;
    for (const json::value& one : sessions) {
        const json::object& session = object_of(one);
        rows.push_back({text_of(session, "id"), text_of(session, "lastSeenAt"),
                        text_of(session, "createdAt"), text_of(session, "ip"),
                        text_of(session, "userAgent")});
    }
    return to_table({"SESSION", "LAST SEEN", "SINCE", "CLIENT", "PROGRAM"}, rows);
}

std::string keys_text(const json::array& keys) {
    std::vector<std::vector<std::string>> rows;
    for (const json::value& one : keys) {
        const json::object& key = object_of(one);
        rows.push_back({text_of(key, "kid"), text_of(key, "algorithm"), text_of(key, "state"),
                        text_of(key, "signsFrom"), text_of(key, "accessUntil"),
                        text_of(key, "refreshUntil")});
    }
    return to_table(
        {"KEY", "ALGORITHM", "STATE", "SIGNS FROM", "VERIFIES UNTIL", "REFRESHES UNTIL"}, rows);
}

std::string user_text(std::string_view command, const json::object& user) {
    const std::string who = text_of(user, "email");
    if (command == "user.create") {
        return fmt::format("{} has an account: {}, {}\n", who, text_of(user, "role"),
                           text_of(user, "id"));
    }
    if (command == "user.lock") {
        return fmt::format("{} is locked, and signed out everywhere\n", who);
    }
    if (command == "user.unlock") return fmt::format("{} may sign in\n", who);
    return fmt::format("{} is {}\n", who, text_of(user, "role"));
}

// What can be done about an error; empty: its message says all.
std::string_view remedy_of(std::string_view rule) {
    struct Remedy {
        std::string_view rule;
        std::string_view text;
    };
    static constexpr Remedy remedies[] = {
        {"account.absent", "there is no such user: merlon user list shows all"},
        {"account.email_taken",
         "this address has an account: merlon user list --email ADDRESS shows it"},
        {"account.changed", "somebody else has just changed this user: look, and try again"},
        {"account.last_admin",
         "this is the last admin who can sign in: make another one first, or say --force"},
        {"session.absent", "there is no such session: merlon session list USER shows a user's"},
        {"key.absent", "there is no such key: merlon key list shows all"},
        {"command.user", "USER is an e-mail address or an id, as merlon user list shows them"},
        {"command.unknown",
         "the running server does not know this command: is it of another "
         "version? merlon version, and GET /readyz?verbose"},
        {"store.in_use", "a server has the store open and does not answer on its socket"},
    };
    for (const Remedy& remedy : remedies) {
        if (remedy.rule == rule) return remedy.text;
    }
    return {};
}

}  // namespace

std::string answer_text(std::string_view command, std::string_view answer_json) {
    boost::system::error_code error;
    const json::value answer = json::parse(answer_json, error);
    if (error) return printable(std::string(answer_json)) + "\n";
    if (answer.is_array()) {
        const json::array& list = answer.get_array();
        if (command == "session.list") return sessions_text(list);
        return command == "user.list" ? users_text(list) : keys_text(list);
    }
    if (command == "session.revoke") return "the session has ended, and its tokens are refused\n";
    if (command == "user.password") {
        return "the new password is in force, and all sessions have ended\n";
    }
    if (!answer.is_object()) return printable(std::string(answer_json)) + "\n";
    const json::object& object = answer.get_object();
    if (object.contains("email")) return user_text(command, object);
    if (object.contains("kid")) return keys_text({object});
    return {};
}

std::string error_text(std::string_view error_json) {
    boost::system::error_code error;
    const json::value parsed = json::parse(error_json, error);
    if (error || !parsed.is_object()) return printable(std::string(error_json));
    const json::object& object = parsed.get_object();
    const std::string rule = text_of(object, "rule");
    if (const std::string_view remedy = remedy_of(rule); !remedy.empty()) {
        return std::string(remedy);
    }
    const json::value* error_member = object.if_contains("error");
    const json::object& shown = error_member != nullptr ? object_of(*error_member) : object;
    std::string text = text_of(shown, "message");
    const json::value* details = shown.if_contains("details");
    if (details != nullptr && details->is_array()) {
        for (const json::value& one : details->get_array()) {
            text += "\n  " + text_of(object_of(one), "message");
        }
        return text;
    }
    const std::string detail = text_of(object, "detail");
    return detail == "-" || detail.empty() ? text + " (" + rule + ")" : detail + " (" + rule + ")";
}

}  // namespace merlon::cli

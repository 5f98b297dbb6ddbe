// merlon man: the manual page, made from the command line's own description. docs/man/merlon.1 is
// its output.
#include "cli/commands.h"
#include "cli/places.h"

namespace merlon::cli {
namespace {

// Text as man(7) reads it: no escapes, no requests, and hyphens that can be searched and copied.
std::string roff(std::string_view text) {
    std::string out;
    if (text.starts_with('.') || text.starts_with('\'')) out = "\\&";
    for (const char c : text) {
        if (c == '\\') {
            out += "\\e";
        } else if (c == '-') {
            out += "\\-";
        } else {
            out += c;
        }
    }
    return out;
}

bool is_common(const CLI::Option& option) {
    return option.check_lname("config") || option.check_lname("set") || option.check_lname("json");
}

std::string bold(const std::string& text) { return "\\fB" + roff(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + roff(text) + "\\fR"; }

// "--email TEXT", "email".
std::string usage_of(const CLI::Option& option) {
    if (option.get_positional()) return italic(option.get_name(true));
    const std::string name = bold("--" + option.get_lnames().front());
    const bool takes_value = option.get_items_expected_max() > 0;
    return takes_value ? name + " " + italic(option.get_type_name()) : name;
}

// Nothing for one whose name says it all.
std::string described(const CLI::Option& option) {
    if (option.get_description().empty()) return "";
    std::string text = ".TP\n";
    for (const std::string& name : option.get_snames()) text += bold("-" + name) + ", ";
    return text + usage_of(option) + "\n" + roff(option.get_description()) + "\n";
}

// Its line with all options, what it is for, and the options that are its own.
std::string command_section(const Place& place) {
    std::string usage;
    std::string own;
    for (const CLI::Option* option : options_of(*place.command)) {
        usage += option->get_required() ? " " + usage_of(*option) : " [" + usage_of(*option) + "]";
        if (!is_common(*option)) own += described(*option);
    }
    return ".SS " + roff(place.path) + "\n" + bold(place.path) + usage + "\n.PP\n" +
           roff(place.command->get_description()) + ".\n" + own;
}

constexpr std::string_view json_option = R"(.TP
\fB\-\-json\fR
Print JSON on standard output, which many commands always do
)";

std::string common_options(const CLI::App& program) {
    std::string text;
    const CLI::App* serve = program.get_subcommand("serve");
    for (const CLI::Option* option : options_of(*serve)) {
        if (is_common(*option) && !option->check_lname("json")) text += described(*option);
    }
    return text.append(json_option);
}

constexpr std::string_view description =
    R"(Merlon stands in front of your services and lets through only
what you declared: who may call which path, how often, with what token.
It keeps accounts and sessions, and answers for the roles that are built in.
Commands that change accounts, sessions or keys speak to the running server through a Unix socket
beside the store, and otherwise work on the store themselves.
Data is written to standard output, messages to standard error.
)";

constexpr std::string_view after_commands = R"(.SH EXIT STATUS
.TP
0
Done
.TP
1
Failed, or there are findings
.TP
2
The command line is wrong
.TP
69
The server does not answer
.TP
77
Not permitted
.TP
78
The configuration is wrong, or does not fit the store
.SH ENVIRONMENT
.TP
MERLON_SECTION__KEY
A value over that of the file: MERLON_SERVER__WORKERS=2
.TP
MERLON_SECTION__KEY_FILE
The file that holds the value
.TP
JWT_SECRET, JWT_REFRESH_SECRET, CORS_ORIGIN
Names of tokens.secret, tokens.refresh_secret and cors.origins
.TP
DATABASE_HOST, DATABASE_PORT, DATABASE_NAME, DATABASE_USER, DATABASE_PASSWORD
Make store.url together, and name store.password
.SH FILES
.TP
\&./merlon.yaml
The configuration; merlon config schema describes it
.TP
data/merlon.db, data/keys.db, data/master.key, data/merlon.sock
The store, the keys of persons, the key to those, and the socket of the running server
.SH SIGNALS
SIGTERM drains and ends the server; SIGHUP reloads the configuration and keeps the old one when the
new one is wrong.
)";

std::string manual_page(const CLI::App& program) {
    std::string page = ".\\\" Made by \"merlon man\": change the command line, not this page.\n";
    page += ".TH MERLON 1 \"\" \"merlon " MERLON_VERSION "\" \"User Commands\"\n";
    page += ".ad l\n";  // lists of choices have no spaces to stretch
    page += ".SH NAME\nmerlon \\- the security platform of a microservice system\n";
    page += ".SH SYNOPSIS\n\\fBmerlon\\fR \\fIcommand\\fR [\\fIoptions\\fR]\n.SH DESCRIPTION\n";
    page += description;
    page += ".SH COMMANDS\n";
    for (const Place& place : places(program)) {
        if (commands_below(*place.command).empty()) page += command_section(place);
    }
    page += ".SH COMMON OPTIONS\n" + common_options(program);
    page += after_commands;
    return page;
}

}  // namespace

void add_manual(CLI::App& program, Arguments& arguments) {
    CLI::App* command =
        program.add_subcommand("man", "Print the manual page: merlon man | man -l -");
    add_json_option(*command, arguments);
    command->callback(
        [&program, &arguments] { print_document(arguments, "page", manual_page(program)); });
}

}  // namespace merlon::cli

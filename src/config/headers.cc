// Reading `headers` and `request_headers`: fields that are set, removed or left to a service.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "config/sections.h"
#include "config/values.h"
#include "gateway/snapshot/header_rules.h"

namespace merlon::config {
namespace {

using gateway::HeaderSettings;
using Fault = std::string_view (*)(std::string_view name);

constexpr std::size_t value_bytes_max = 8 << 10;

// Visible ASCII with single spaces or tabs between: no line end can begin a field of its own.
bool is_field_value(std::string_view value) {
    if (value.empty() || value.size() > value_bytes_max) return false;
    if (value.front() <= ' ' || value.back() <= ' ') return false;
    return std::ranges::all_of(value, [](char c) { return c == '\t' || (c >= ' ' && c <= '~'); });
}

void check_name(Reader& reader, std::string_view key, const std::string& name, Fault fault) {
    if (!is_field_name(name)) {
        return reader.problem(key,
                              "\"" + name + "\" is no name of a header field such as X-Custom");
    }
    const std::string_view why = fault(name);
    if (!why.empty()) reader.problem(key, fmt::format("{} {}", name, why));
}

void check_value(Reader& set, const std::string& name, std::string_view value) {
    if (is_field_value(value)) return;
    set.problem(name, value.empty() ? "has no value; remove takes a field away"
                                    : "must be visible ASCII on one line, 8 KiB at most");
}

void read_remove(Reader& headers, HeaderSettings& out, std::string_view description, Fault fault) {
    headers.texts("remove", out.remove, description);
    for (const std::string& name : out.remove) check_name(headers, "remove", name, fault);
}

// A name twice, in any case, would leave open which one holds.
void check_once(Reader& headers, const HeaderSettings& settings) {
    std::vector<std::string> names;
    const auto check = [&](const std::string& name) {
        const std::string folded = text::to_lower(name);
        if (std::ranges::find(names, folded) != names.end()) {
            headers.problem("", name + " is named twice");
        }
        names.push_back(folded);
    };
    for (const auto& [name, value] : settings.set) check(name);
    std::ranges::for_each(settings.remove, check);
    std::ranges::for_each(settings.keep, check);
}

void warn_of_widening(Reader& headers, const HeaderSettings& settings) {
    for (const std::string& name : settings.remove) {
        if (!gateway::is_security_header(name)) continue;
        headers.warning("remove", name + " protects browsers; nothing sends it now");
    }
    for (const std::string& name : settings.keep) {
        if (gateway::is_security_header(name)) {
            headers.warning("keep", "what a service says in " + name +
                                        " holds, however weak; ours is sent where it says none");
        } else {
            headers.problem("keep", name + " is no security header: a service's own passes anyway");
        }
    }
}

}  // namespace

void read_headers(Reader headers, HeaderSettings& out) {
    Reader set = headers.section("set", "fields of responses, instead of whatever was there");
    for (const std::string& name : set.names()) {
        std::string value;
        set.text(name, value, "the field's value");
        if (set.describes()) continue;
        check_name(set, name, name, gateway::response_rule_fault);
        check_value(set, name, value);
        out.set.emplace_back(name, std::move(value));
    }
    read_remove(headers, out, "fields of responses that are taken away",
                gateway::response_rule_fault);
    headers.texts("keep", out.keep, "security headers of which a service's own stands");
    check_once(headers, out);
    warn_of_widening(headers, out);
    headers.finish();
}

// Values are treated as secrets: a service's API key is what most of them are.
void read_request_headers(Reader headers, HeaderSettings& out) {
    Reader set = headers.section("set", "fields that the service gets, instead of a client's");
    for (const std::string& name : set.names()) {
        Secret value;
        set.secret(name, value, "the field's value, or where it is: env:NAME, file:/path");
        if (set.describes()) continue;
        check_name(set, name, name, gateway::request_rule_fault);
        check_value(set, name, value.reveal());
        out.set.emplace_back(name, value.reveal());
    }
    read_remove(headers, out, "a client's fields that the service does not get",
                gateway::request_rule_fault);
    check_once(headers, out);
    headers.finish();
}

}  // namespace merlon::config

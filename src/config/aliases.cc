// Puts the seed's environment variables into the configuration tree.
#include "config/aliases.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace merlon::config {
namespace {

using Environment = std::map<std::string, std::string>;

Origin origin_of(std::string_view name) { return {Origin::Layer::Environment, std::string(name)}; }

// Names of secrets, and the keys they set.
constexpr std::pair<std::string_view, std::string_view> secrets[] = {
    {"JWT_SECRET", "tokens.secret"},
    {"JWT_REFRESH_SECRET", "tokens.refresh_secret"},
    {"DATABASE_PASSWORD", "store.password"},
    {"REDIS_PASSWORD", "state.password"},
};

void merge_single(const Environment& environment, Node& root) {
    for (const auto& [name, path] : secrets) {
        const auto found = environment.find(std::string(name));
        if (found != environment.end()) root.set(path, found->second, origin_of(name));
    }
}

// REDIS_PORT alone says nothing: Kubernetes sets one for a service of that name.
void merge_redis(const Environment& environment, Node& root) {
    const auto host = environment.find("REDIS_HOST");
    if (host == environment.end()) return;
    const bool is_ipv6 = host->second.find(':') != std::string::npos;
    std::string url = "redis://" + (is_ipv6 ? "[" + host->second + "]" : host->second);
    const auto port = environment.find("REDIS_PORT");
    if (port != environment.end()) url += ":" + port->second;
    root.set("state.url", std::move(url), origin_of("REDIS_HOST"));
}

void merge_origins(const Environment& environment, Node& root) {
    const auto origins = environment.find("CORS_ORIGIN");
    if (origins == environment.end()) return;
    Node list{Node::Kind::List};
    list.origin = origin_of("CORS_ORIGIN");
    for (const std::string_view one : text::split(origins->second, ',')) {
        list.items.push_back(Node::scalar(std::string(one), list.origin));
    }
    root.make({"cors", "origins"}, list.origin) = std::move(list);
}

// Of a part of a url: a sign that means something there would make it another url.
bool is_plain(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '-' || c == '.';
    });
}

bool is_host(std::string_view text) {
    return is_plain(text) || (text.find(':') != std::string_view::npos &&
                              text.find_first_not_of("0123456789abcdefABCDEF:.") ==
                                  std::string_view::npos);  // an IPv6 address
}

// One of the variables that make store.url.
struct Part {
    std::string_view name;
    bool (*is_good)(std::string_view);
    std::string_view expected;
    std::string value = {};
};

void merge_database(const Environment& environment, Node& root, Problems& problems) {
    std::array parts{
        Part{"DATABASE_HOST", is_host, "must be a host's name or address"},
        Part{"DATABASE_NAME", is_plain, "must be of letters, digits and _ . -"},
        Part{"DATABASE_USER", is_plain, "must be of letters, digits and _ . -"},
        Part{"DATABASE_PORT",
             [](std::string_view port) { return text::parse_number<std::uint16_t>(port) > 0; },
             "must be a port's number", "5432"},
    };
    bool is_said = false;
    for (Part& part : parts) {
        const auto found = environment.find(std::string(part.name));
        if (found == environment.end()) continue;
        part.value = found->second;
        // A port alone says nothing: Kubernetes sets one for a service of that name.
        if (part.name != "DATABASE_PORT") is_said = true;
    }
    if (!is_said) return;
    bool is_whole = true;
    for (const Part& part : parts) {
        if (part.is_good(part.value)) continue;
        is_whole = false;
        problems.push_back({Grade::Error, origin_of(part.name), "store.url",
                            part.value.empty()
                                ? "is missing: DATABASE_HOST, DATABASE_NAME and DATABASE_USER make "
                                  "the url of the store together"
                                : std::string(part.expected)});
    }
    if (!is_whole) return;
    const bool is_address6 = parts[0].value.find(':') != std::string::npos;
    const std::string host = is_address6 ? "[" + parts[0].value + "]" : parts[0].value;
    root.set(
        "store.url",
        "postgres://" + parts[2].value + "@" + host + ":" + parts[3].value + "/" + parts[1].value,
        origin_of("DATABASE_HOST"));
}

}  // namespace

void merge_aliases(const Environment& environment, Node& root, Problems& problems) {
    merge_single(environment, root);
    merge_redis(environment, root);
    merge_origins(environment, root);
    merge_database(environment, root, problems);
}

std::vector<std::string> secret_aliases() {
    std::vector<std::string> names;
    for (const auto& [name, path] : secrets) names.emplace_back(name);
    return names;
}

}  // namespace merlon::config

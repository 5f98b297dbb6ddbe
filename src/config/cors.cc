// Reading `cors`, and the lists of it that each service may add to.
#include <algorithm>

#include "base/text.h"
#include "config/sections.h"
#include "config/values.h"

namespace merlon::config {
namespace {

// Adds, so that a name of the contract's that a later release adds is there, too.
void add_names(Reader& cors, std::string_view key, std::string_view description,
               std::vector<std::string>& out) {
    std::vector<std::string> named;
    cors.texts(key, named, description);
    for (std::string& name : named) {
        if (!is_field_name(name)) {
            cors.problem(key, "\"" + name + "\" is no name of a header field such as X-Custom");
            continue;
        }
        const bool is_known = std::ranges::any_of(
            out, [&](const std::string& known) { return text::equals_ignoring_case(known, name); });
        if (!is_known) out.push_back(std::move(name));
    }
}

}  // namespace

void read_cors_lists(Reader& cors, gateway::CorsLists& out) {
    add_names(cors, "headers", "more fields that a browser may send, beside the built-in ones",
              out.headers);
    add_names(cors, "exposed", "more fields of a response that scripts may read", out.exposed);
}

void read_cors(Reader cors, gateway::CorsSettings& out) {
    cors.texts("origins", out.origins, "origins that may call from a browser, exactly");
    for (const std::string& origin : out.origins) {
        if (is_web_origin(origin)) continue;
        cors.problem("origins", "\"" + origin + "\" is no origin such as https://shop.example.com");
    }
    cors.boolean("credentials", out.credentials, "cookies and Authorization may come along");
    read_cors_lists(cors, out.lists);
    cors.finish();
}

}  // namespace merlon::config

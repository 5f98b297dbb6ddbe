// Parses route patterns, and renders the Allow field.
#include "api/route_table.h"

#include "wire/path.h"

namespace merlon::api {

std::string allow_text(wire::MethodSet methods) {
    std::string out;
    for (std::size_t i = 0; i < wire::method_count; ++i) {
        const auto method = static_cast<wire::Method>(i);
        if ((methods & wire::bit_of(method)) == 0 && method != wire::Method::Options) continue;
        if (!out.empty()) out += ", ";
        out += wire::name(method);
    }
    return out;
}

Result<std::vector<std::string_view>> split_pattern(std::string_view pattern) {
    const auto refuse = [&](std::string_view why) {
        return fail(Kind::Invalid, "route.pattern",
                    "\"" + std::string(pattern) + "\": " + std::string(why));
    };
    if (!pattern.starts_with('/')) return refuse("a path begins with /");
    std::vector<std::string_view> segments;
    std::size_t parameters = 0;
    for (std::string_view rest = pattern; !rest.empty();) {
        const std::size_t end = std::min(rest.find('/', 1), rest.size());
        const std::string_view segment = rest.substr(1, end - 1);
        rest.remove_prefix(end);
        if (segment == "**") {
            if (!rest.empty()) return refuse("** stands at the end only");
        } else if (segment.starts_with('{')) {
            if (!segment.ends_with('}') || segment.size() < 3)
                return refuse("{name} is a whole segment");
            if (++parameters > path_parameters_max) return refuse("too many {name} segments");
        } else {
            std::string storage;
            const std::string path = "/" + std::string(segment);
            const auto canonical = wire::canonicalize(path, storage);
            const bool is_last_and_empty = segment.empty() && rest.empty();
            if (!canonical || canonical->path != path || canonical->has_query ||
                (segment.empty() && !is_last_and_empty) ||
                segment.find('*') != std::string_view::npos) {
                return refuse("not in canonical form");
            }
        }
        segments.push_back(segment);
    }
    return segments;
}

}  // namespace merlon::api

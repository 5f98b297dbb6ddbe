// Merging the layers and reading the sections. Read load() first.
#include "config/load.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "config/sections.h"
#include "config/yaml.h"

namespace merlon::config {
namespace {

// MERLON_SERVER__LISTEN → server.listen. Names of ours that are no settings.
constexpr std::string_view variable_prefix = "MERLON_";
constexpr std::string_view other_variables[] = {"MERLON_MASTER_KEY", "MERLON_CORPORA"};

Node read_file(const Inputs& inputs, const Files& files, Problems& problems) {
    const std::string path = inputs.path.empty() ? "merlon.yaml" : inputs.path;
    const auto text = files.read(path, yaml_bytes_max);
    if (!text) {
        const bool is_optional = inputs.path.empty() && text.error().kind == Kind::Absent;
        if (!is_optional) {
            problems.push_back({Grade::Error,
                                {Origin::Layer::File, path},
                                "",
                                "cannot read the file: " + text.error().detail});
        }
        return Node::map({});
    }
    Document document = parse_yaml(*text, path);
    std::ranges::move(document.problems, std::back_inserter(problems));
    if (document.root.kind == Node::Kind::Null) return Node::map({Origin::Layer::File, path});
    return std::move(document.root);
}

void merge_environment(const Inputs& inputs, Node& root, Problems& problems) {
    for (const auto& [name, value] : inputs.environment) {
        if (!name.starts_with(variable_prefix)) continue;
        if (std::ranges::find(other_variables, name) != std::end(other_variables)) continue;
        const Origin origin{Origin::Layer::Environment, name};
        std::string path = text::to_lower(name.substr(variable_prefix.size()));
        if (path.find("__") == std::string::npos && path != "public_url") {
            problems.push_back({Grade::Error, origin, "",
                                "unknown variable; settings are named MERLON_SECTION__KEY"});
            continue;
        }
        for (std::size_t at; (at = path.find("__")) != std::string::npos;) path.replace(at, 2, ".");
        root.make(path_parts(path), origin) = Node::scalar(value, origin);
    }
}

// The seed's names, where nothing else was said.
void merge_aliases(const Inputs& inputs, Node& root) {
    constexpr std::pair<std::string_view, std::string_view> aliases[] = {
        {"JWT_SECRET", "tokens.secret"},
        {"JWT_REFRESH_SECRET", "tokens.refresh_secret"},
    };
    for (const auto& [name, path] : aliases) {
        const auto found = inputs.environment.find(std::string(name));
        if (found == inputs.environment.end() || root.at(path) != nullptr) continue;
        const Origin origin{Origin::Layer::Environment, std::string(name)};
        root.make(path_parts(path), origin) = Node::scalar(found->second, origin);
    }
    const auto origins = inputs.environment.find("CORS_ORIGIN");
    if (origins == inputs.environment.end() || root.at("cors.origins") != nullptr) return;
    const Origin origin{Origin::Layer::Environment, "CORS_ORIGIN"};
    Node list{Node::Kind::List};
    list.origin = origin;
    for (const std::string_view one : text::split(origins->second, ',')) {
        list.items.push_back(Node::scalar(std::string(one), origin));
    }
    root.make({"cors", "origins"}, origin) = std::move(list);
}

}  // namespace

Result<std::string> DiskFiles::read(const std::string& path, std::size_t bytes_max) const {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return fail(errno == ENOENT ? Kind::Absent : Kind::Unavailable,
                    errno == ENOENT ? "file.absent" : "file.unreadable", std::strerror(errno));
    }
    std::string text(bytes_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (file.bad()) return fail(Kind::Unavailable, "file.unreadable", "read error");
    if (text.size() > bytes_max) return fail(Kind::Invalid, "file.too_large", "too large");
    return text;
}

Loaded load(const Inputs& inputs, const Files& files) {
    Loaded loaded;
    Node root = read_file(inputs, files, loaded.problems);
    merge_environment(inputs, root, loaded.problems);
    merge_aliases(inputs, root);

    ReadContext context{files, inputs.environment, loaded.problems};
    Settings settings;
    read_settings(context, root, settings);
    if (!has_errors(loaded.problems)) loaded.settings = std::move(settings);
    return loaded;
}

}  // namespace merlon::config

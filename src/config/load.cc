// Merging the layers and reading the sections. Read load() first.
#include "config/load.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "config/aliases.h"
#include "config/cluster_variables.h"
#include "config/sections.h"
#include "config/yaml.h"

namespace merlon::config {
namespace {

// MERLON_SERVER__LISTEN → server.listen; MERLON_SERVER__LISTEN_FILE names a file with its value.
constexpr std::string_view variable_prefix = "MERLON_";
constexpr std::string_view file_suffix = "_FILE";
constexpr std::size_t value_bytes_max = 64 << 10;
// Names of ours that are no settings.
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
    // Also what a reload sees of a file that somebody is writing: not a wish for every default.
    if (document.root.kind == Node::Kind::Null && document.problems.empty()) {
        problems.push_back({Grade::Error,
                            {Origin::Layer::File, path},
                            "",
                            "the file is empty; it begins with \"version: 1\""});
    }
    if (document.root.kind == Node::Kind::Null) return Node::map({Origin::Layer::File, path});
    return std::move(document.root);
}

// server.listen of MERLON_SERVER__LISTEN; empty when the name is no path.
std::string path_of_variable(std::string_view name) {
    std::string path = text::to_lower(name.substr(variable_prefix.size()));
    if (path.find("__") == std::string::npos && path != "public_url") return "";
    for (std::size_t at; (at = path.find("__")) != std::string::npos;) path.replace(at, 2, ".");
    return path;
}

// One note for all that a cluster sets: there are seven for each port of each Service.
void note_cluster_variables(const Inputs& inputs, Problems& problems) {
    for (const auto& [name, value] : inputs.environment) {
        if (!is_cluster_variable(name, value)) continue;
        problems.push_back({Grade::Warning,
                            {Origin::Layer::Environment, name},
                            "",
                            "ignored, as all that Kubernetes sets beside a Service named merlon; "
                            "enableServiceLinks: false in the pod keeps them out"});
        return;
    }
}

// MERLON_SECTION__KEY_FILE first: a variable that holds the value itself overrides it.
void merge_environment(const Inputs& inputs, const Files& files, Node& root, Problems& problems) {
    std::map<std::string, Node> direct;
    for (const auto& [name, value] : inputs.environment) {
        if (!name.starts_with(variable_prefix) || is_cluster_variable(name, value)) continue;
        if (std::ranges::find(other_variables, name) != std::end(other_variables)) continue;
        const Origin origin{Origin::Layer::Environment, name};
        const bool is_file = name.ends_with(file_suffix);
        const std::string path = path_of_variable(
            std::string_view(name).substr(0, name.size() - (is_file ? file_suffix.size() : 0)));
        if (path.empty()) {
            problems.push_back({Grade::Error, origin, "",
                                "unknown variable; settings are named MERLON_SECTION__KEY"});
        } else if (!is_file) {
            direct[path] = Node::scalar(value, origin);
        } else if (auto content = read_small_file(files, value, value_bytes_max)) {
            root.set(path, *std::move(content), origin);
        } else {
            problems.push_back({Grade::Error, origin, path,
                                "cannot read " + value + ": " + content.error().detail});
        }
    }
    for (auto& [path, node] : direct) {
        const Origin origin = node.origin;
        root.make(path_parts(path), origin) = std::move(node);
    }
}

void merge_flags(const Inputs& inputs, Node& root) {
    for (const auto& [path, value] : inputs.flags) {
        root.set(path, value, {Origin::Layer::Flag, "--set " + path});
    }
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

Result<std::string> read_small_file(const Files& files, const std::string& path,
                                    std::size_t bytes_max) {
    std::string content = MERLON_TRY(files.read(path, bytes_max));
    while (content.ends_with('\n') || content.ends_with('\r')) content.pop_back();
    return content;
}

Loaded load(const Inputs& inputs, const Files& files) {
    Loaded loaded;
    Node root = read_file(inputs, files, loaded.problems);
    merge_aliases(inputs.environment, root, loaded.problems);
    note_cluster_variables(inputs, loaded.problems);
    merge_environment(inputs, files, root, loaded.problems);
    merge_flags(inputs, root);

    ReadContext context{files, inputs.environment, loaded.problems, loaded.secret_variables};
    Settings settings;
    settings.role_definitions = inputs.roles;
    settings.needs_token_secret = inputs.needs_token_secret;
    settings.fleet = roles::default_fleet(inputs.roles);
    read_settings(Reader(context, &root, "", loaded.keys), settings);
    // Also those that another layer overrode.
    std::ranges::copy(secret_aliases(), std::back_inserter(loaded.secret_variables));
    if (!has_errors(loaded.problems)) loaded.settings = std::move(settings);
    return loaded;
}

Key describe() {
    class NoFiles final : public Files {
        Result<std::string> read(const std::string&, std::size_t) const override {
            return fail(Kind::Absent, "file.absent", "nothing is read");
        }
    };
    const NoFiles files;
    const std::map<std::string, std::string> environment;
    Problems expected;  // nothing was said, so much is missing
    std::vector<std::string> none;
    ReadContext context{files, environment, expected, none, Purpose::Describe};
    Key keys;
    Settings defaults;
    read_settings(Reader(context, nullptr, "", keys), defaults);
    return keys;
}

}  // namespace merlon::config

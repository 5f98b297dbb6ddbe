// Secrets: said in place, or by a reference to where they are.
#include "config/reader.h"

namespace merlon::config {
namespace {

constexpr std::size_t secret_bytes_max = 64 << 10;

// MERLON_KEYS__MASTER of keys.master.
std::string variable_of(std::string_view path) {
    std::string variable = "MERLON_";
    for (const char c : path) {
        if (c == '.') {
            variable += "__";
        } else {
            variable += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        }
    }
    return variable;
}

}  // namespace

void Reader::secret(std::string_view name, Secret& out, std::string_view description) {
    Key& key = declare(Key::Kind::Value, name, description);
    key.shape = R"("type":"string")";
    // Also one that another layer overrides.
    context_.secret_variables.push_back(variable_of(path_of(name)));
    if (const Node* said = find(name)) {
        if (!said->is_scalar()) {
            problem(name, "must be a secret or a reference to one");
        } else if (auto secret = resolve(name, said->text)) {
            out = *std::move(secret);
        }
    }
    if (!out.empty()) key.value = R"("********")";
}

std::optional<Secret> Reader::resolve(std::string_view name, std::string_view text) {
    if (text.starts_with("env:")) {
        const std::string variable(text.substr(4));
        const auto found = context_.environment.find(variable);
        if (found != context_.environment.end()) {
            context_.secret_variables.push_back(variable);
            return Secret(found->second);
        }
        problem(name, "the environment has no " + variable);
        return std::nullopt;
    }
    if (text.starts_with("file:")) {
        const std::string path(text.substr(5));
        auto content = read_small_file(context_.files, path, secret_bytes_max);
        if (content) return Secret(*std::move(content));
        problem(name, "cannot read " + path + ": " + content.error().detail);
        return std::nullopt;
    }
    if (text.starts_with("vault:") || text.starts_with("aws:")) {
        problem(name, "this version reads secrets from env: and file: only");
        return std::nullopt;
    }
    return Secret(std::string(text));
}

}  // namespace merlon::config

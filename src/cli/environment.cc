// Reads environ, and wipes values in it.
#include "cli/environment.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/secret.h"

namespace merlon::cli {

Environment read_environment() {
    Environment environment;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const std::size_t equals = text.find('=');
        if (equals != std::string_view::npos) {
            environment.emplace(text.substr(0, equals), text.substr(equals + 1));
        }
    }
    return environment;
}

void wipe_variables(std::span<const std::string> names) {
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos) continue;
        if (std::ranges::find(names, text.substr(0, equals)) == names.end()) continue;
        char* value = *entry + equals + 1;
        wipe(std::as_writable_bytes(std::span(value, std::strlen(value))));
    }
}

}  // namespace merlon::cli

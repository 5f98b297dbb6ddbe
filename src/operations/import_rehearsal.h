// A dry run of an import into a store that is not there yet: nobody is in it, so each line is
// judged by itself, and nothing is opened or made.
#pragma once

#include <string>

#include "base/clock.h"
#include "config/settings.h"
#include "identity/accounts/import_lines.h"

namespace merlon::operations {

// Immutable.
class ImportRehearsal final {
public:
    explicit ImportRehearsal(config::Settings settings)
        : settings_(std::move(settings)), lines_(settings_.gateway.names) {}

    // Answers the command that PeopleImport sends as run_command() does.
    Result<std::string> run(const std::string& command) const;

private:
    const config::Settings settings_;
    const identity::ImportLines lines_;
    const SystemClock clock_;
};

}  // namespace merlon::operations

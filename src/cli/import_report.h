// The refused lines of an import: all into a report, or the first ones to standard error.
#pragma once

#include <string>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "identity/accounts/import_outcome.h"

namespace merlon::cli {

// Resource.
class ImportReport final {
public:
    // `name` is a file, which is made its owner's alone and emptied, or what the shell has opened:
    // /dev/stdout, /dev/stderr, /dev/fd/N. Empty: standard error. `imported` is the file with the
    // people. Error: "import.report" (Invalid), also when the report would be that very file.
    static Result<ImportReport> open(const std::string& name, int imported);

    // Error: "import.report" (Unavailable).
    Result<> add(const identity::ImportOutcome& outcome);
    // Says how many more there were than were shown.
    void end() const;

private:
    explicit ImportReport(FileDescriptor file) : file_(std::move(file)) {}

    FileDescriptor file_;  // not open: standard error has the first ones
    std::size_t shown_ = 0;
};

}  // namespace merlon::cli

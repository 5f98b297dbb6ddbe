// Imports a file of people: reads it, has a batch at a time imported, and adds up what became of
// it.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include "base/entropy.h"
#include "identity/accounts/import_outcome.h"
#include "operations/line_batches.h"
#include "operations/progress.h"
#include "operations/seen_people.h"

namespace merlon::operations {

struct ImportCounts {
    std::size_t people = 0;  // lines that are not blank
    std::size_t imported = 0;
    std::size_t present = 0;
    std::size_t refused = 0;
    // Of those imported.
    std::map<std::string, std::size_t> roles;
    std::size_t without_password = 0;
    std::size_t unverified = 0;

    std::size_t last_line = 0;             // of the last batch
    bool is_every_duplicate_found = true;  // false: a dry run of more people than it remembers
};

// Resource; one thread. Borrows the open file for life.
class PeopleImport final {
public:
    enum class Mode : std::uint8_t { Store, DryRun };
    // Has a command carried out, and gives its answer.
    using Send = std::function<Result<std::string>(const std::string& command)>;
    // Called for each refused line, in the order of the file. An error ends the import.
    using Refused = std::function<Result<>(const identity::ImportOutcome& outcome)>;

    PeopleImport(int file, Mode mode, Entropy& entropy);

    // Errors: "import.read" (Unavailable), "import.answer" (Corrupt), and those of both functions.
    // What was imported before stays; to run it again goes on.
    Result<> run(const Send& send, const Refused& refused);
    const ImportCounts& counts() const { return counts_; }

private:
    std::string command(const LineBatches::Batch& batch) const;
    void count(const identity::ImportOutcome& outcome);

    LineBatches batches_;
    const Mode mode_;
    const std::string run_;
    std::size_t file_kib_;
    ImportCounts counts_;
    SeenPeople seen_;
};

}  // namespace merlon::operations

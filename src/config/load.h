// From merlon.yaml and the environment to Settings: read this first.
//
// Precedence: flag > MERLON_SECTION__KEY > MERLON_SECTION__KEY_FILE > the seed's names (JWT_SECRET,
// …) > file > default. All problems are found in one run.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/key.h"
#include "config/node.h"
#include "config/problem.h"
#include "config/settings.h"

namespace merlon::config {

// The disk as configuration needs it: small files, read whole.
class Files {
public:
    virtual ~Files() = default;
    // Errors: "file.absent" (Absent), "file.unreadable" (Unavailable), "file.too_large" (Invalid).
    virtual Result<std::string> read(const std::string& path, std::size_t bytes_max) const = 0;
};

class DiskFiles final : public Files {
public:
    Result<std::string> read(const std::string& path, std::size_t bytes_max) const override;
};

// A file that holds one value, without the line ends that editors add. Errors: those of read().
Result<std::string> read_small_file(const Files& files, const std::string& path,
                                    std::size_t bytes_max);

struct Inputs {
    // The file. Empty: ./merlon.yaml if it is there, else defaults alone.
    std::string path = {};
    std::map<std::string, std::string> environment = {};
    // Paths of keys with values, as --set gave them; the last one wins.
    std::vector<std::pair<std::string, std::string>> flags = {};
    // That there are in this program; a section of services, store.roles and fleet each.
    roles::Definitions roles = roles::all();
    // False for a process that asks auth about tokens: it may run without tokens.secret.
    bool needs_token_secret = true;
};

struct Loaded {
    std::optional<Settings> settings;           // absent when a problem is an error
    Problems problems;                          // errors and warnings, in the order they were found
    std::vector<std::string> secret_variables;  // of the environment, which hold secrets
    Key keys;                                   // what was asked for, and what it turned out to be
};

Loaded load(const Inputs& inputs, const Files& files);

// Every key that merlon.yaml may hold, with its default and description.
Key describe();

}  // namespace merlon::config

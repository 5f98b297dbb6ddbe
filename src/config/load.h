// From merlon.yaml and the environment to Settings: read this first.
//
// Precedence: MERLON_SECTION__KEY > the seed's names (JWT_SECRET, …) > file > default. All problems
// are found in one run.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.h"
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

struct Inputs {
    // The file. Empty: ./merlon.yaml if it is there, else defaults alone.
    std::string path = {};
    std::map<std::string, std::string> environment = {};
};

struct Loaded {
    std::optional<Settings> settings;  // absent when a problem is an error
    Problems problems;                 // errors and warnings, in the order they were found
};

Loaded load(const Inputs& inputs, const Files& files);

}  // namespace merlon::config

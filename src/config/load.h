// From merlon.yaml, the environment and the flags to Settings: read this first.
//
//   const config::Loaded loaded = config::load({.path = path, .environment = environment}, files);
//   for (const config::Problem& problem : loaded.problems) print(problem.text());
//   if (!loaded.settings) return 78;
//
// Precedence: flag > MERLON_SECTION__KEY > MERLON_SECTION__KEY_FILE > the seed's names (JWT_SECRET,
// …) > file > default. All problems are found in one run.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
    // Each "section.key=value", later ones win.
    std::vector<std::string> flags = {};
};

struct Loaded {
    std::optional<Settings> settings;  // absent when a problem is an error
    Problems problems;                 // errors and warnings, in the order of the file
    Node effective;                    // every value with where it came from, for show()
};

Loaded load(const Inputs& inputs, const Files& files);

// The effective values as YAML; secrets are `********`. `sources` adds where each came from as a
// trailing comment.
enum class Sources : std::uint8_t { Hidden, Shown };
std::string show_yaml(const Node& effective, Sources sources);
// {"values":{…}[,"sources":{"server.listen":"merlon.yaml:3:11",…}]}
std::string show_json(const Node& effective, Sources sources);

// JSON Schema 2020-12 of merlon.yaml, for editors.
std::string json_schema();

}  // namespace merlon::config

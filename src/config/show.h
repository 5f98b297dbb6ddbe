// The record of a load as text: effective values for people and scripts, and the JSON Schema.
#pragma once

#include <string>

#include "config/key.h"

namespace merlon::config {

enum class Sources : std::uint8_t { Hidden, Shown };

// A line a value, `server.workers: 0`, each with `# merlon.yaml:3:5` when sources are shown. Values
// are JSON; secrets are masked; what has no value has no line.
std::string show_text(const Key& root, Sources sources);

// The same as one JSON document in the shape of merlon.yaml. With sources, a value is
// {"value":…,"source":…}.
std::string show_json(const Key& root, Sources sources);

// JSON Schema 2020-12 of merlon.yaml, from describe().
std::string show_schema(const Key& root);

}  // namespace merlon::config

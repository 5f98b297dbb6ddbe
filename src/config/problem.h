// What can be wrong with a configuration, with the place to look at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace merlon::config {

// Where a value was written.
struct Origin {
    enum class Layer : std::uint8_t { Default, File, Environment, Flag };
    Layer layer = Layer::Default;
    std::string source;      // the file's name, the variable's, or "--set"
    std::size_t line = 0;    // from 1; 0: no line
    std::size_t column = 0;  // from 1, in bytes

    // "merlon.yaml:3:5", "JWT_SECRET", "--set", "default".
    std::string text() const;
    friend bool operator==(const Origin&, const Origin&) = default;
};

enum class Grade : std::uint8_t { Error, Warning };

struct Problem {
    Grade grade = Grade::Error;
    Origin origin;
    std::string path;  // services.catalog.routes[0].allow; empty: the whole file
    std::string message;

    // "merlon.yaml:3:5: error: server.listen: …"
    std::string text() const;
};

using Problems = std::vector<Problem>;

bool has_errors(const Problems& problems);

}  // namespace merlon::config

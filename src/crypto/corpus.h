// Reads the public test vectors of shared/corpora for this folder's tests.
#pragma once

#include <boost/json.hpp>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "base/text.h"

namespace merlon::crypto {

// The vectors of one Wycheproof file, or nothing when the corpora are not on this machine.
inline std::optional<boost::json::value> read_corpus(const std::string& name) {
    const char* folder = std::getenv("MERLON_CORPORA");
    std::ifstream file(std::string(folder ? folder : "../shared/corpora") + "/jose/" + name);
    if (!file) return std::nullopt;
    std::ostringstream text;
    text << file.rdbuf();
    return boost::json::parse(text.str());
}

inline std::string text_of(const boost::json::value& object, const char* name) {
    return std::string(object.at(name).as_string());
}

inline std::string bytes_of(const boost::json::value& object, const char* name) {
    return text::from_hex(text_of(object, name)).value();
}

inline bool is_valid(const boost::json::value& test) { return text_of(test, "result") == "valid"; }

}  // namespace merlon::crypto

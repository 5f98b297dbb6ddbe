// What the client is told on its command line: pairs of a name and a value.
#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "socket.h"

namespace merlon::bench {

struct Options {
    int port = 0;
    int connections = 64;
    std::string method = "GET";
    std::vector<std::string> paths{"/catalog/items/1"};  // of a request, one after the other
    std::vector<std::string> tokens;                     // its Authorization
    std::vector<std::string> bodies;                     // its JSON body; {unique} is filled in
    bool sends_keys = false;                             // an Idempotency-Key, never the same
    std::vector<std::string> pids;                       // whose CPU time is measured
    long ticks = 0;           // measures until they used that many (10 ms each)
    double seconds = 5;       // and at least so long
    double rate = 0;          // requests a second, all connections together
    std::size_t warm_up = 0;  // answers before measuring
    bool is_tls = false;
    int upstream_port = 0;  // 0: no upstream here
    bool may_sleep = false;
    int slow = 0;        // connections of slow clients beside
    int slow_port = 0;   // of whom they are a burden to
    double pause_s = 0;  // before asking again after a refusal
};

inline std::vector<std::string> lines_of(const char* path) {
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    if (lines.empty()) stop(path);
    return lines;
}

inline Options parse(int count, char** arguments) {
    Options options;
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string_view name = arguments[i];
        const char* value = arguments[i + 1];
        if (name == "--port")
            options.port = std::atoi(value);
        else if (name == "--connections")
            options.connections = std::atoi(value);
        else if (name == "--method")
            options.method = value;
        else if (name == "--path")
            options.paths = {value};
        else if (name == "--paths")
            options.paths = lines_of(value);
        else if (name == "--tokens")
            options.tokens = lines_of(value);
        else if (name == "--bodies")
            options.bodies = lines_of(value);
        else if (name == "--idempotency-keys")
            options.sends_keys = std::string_view(value) == "yes";
        else if (name == "--ticks")
            options.ticks = std::atol(value);
        else if (name == "--seconds")
            options.seconds = std::atof(value);
        else if (name == "--rate")
            options.rate = std::atof(value);
        else if (name == "--warm-up")
            options.warm_up = std::strtoul(value, nullptr, 10);
        else if (name == "--upstream-port")
            options.upstream_port = std::atoi(value);
        else if (name == "--sleep")
            options.may_sleep = std::string_view(value) == "yes";
        else if (name == "--slow")
            options.slow = std::atoi(value);
        else if (name == "--slow-port")
            options.slow_port = std::atoi(value);
        else if (name == "--pause")
            options.pause_s = std::atof(value);
        else if (name == "--tls")
            options.is_tls = std::string_view(value) == "yes";
        else if (name == "--pids") {
            std::istringstream list(value);
            for (std::string pid; std::getline(list, pid, ',');) options.pids.push_back(pid);
        } else {
            stop(arguments[i]);
        }
    }
    return options;
}

}  // namespace merlon::bench

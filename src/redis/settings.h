// Where what several gateways share is kept. Filled by config/.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/secret.h"

namespace merlon::redis {

struct RedisSettings {
    std::string host;  // a name or an address
    std::uint16_t port = 6379;
    std::string user;  // empty: the server's default user
    Secret password;   // empty: none is asked for
    unsigned database = 0;

    bool has_tls = false;     // rediss://
    std::string ca_path;      // PEM; empty: the system's
    std::string certificate;  // PEM, for a server that asks for one; empty: none
    std::string key;

    // An answer that takes longer is none: requests go on with what this process knows.
    std::chrono::milliseconds answer_max{200};
    // To connect, with TLS and log-in. Nobody waits for it so long.
    std::chrono::milliseconds connect_max{2'000};
    // Commands of one worker whose answers are awaited; one more goes without.
    std::size_t waiting_max = 4096;
};

struct StateSettings {
    std::string url = "memory:";                 // as it was given: for messages
    std::shared_ptr<const RedisSettings> redis;  // null: in this process
};

}  // namespace merlon::redis

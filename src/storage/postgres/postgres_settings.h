// Where a PostgreSQL database is, and how many connections one process keeps to it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/secret.h"

namespace merlon::storage {

struct PostgresSettings {
    std::string host;  // a name, an address, or the absolute folder of a Unix socket
    std::uint16_t port = 5432;
    std::string database;
    std::string user;
    Secret password;

    // libpq's words. verify-full off this machine: a server that is only encrypted may be anybody.
    std::string tls_mode = "verify-full";
    std::string tls_authorities;  // files; empty: none
    std::string tls_certificate;
    std::string tls_key;
    // Over TLS a password is only ever proved (SCRAM), and to the server whose certificate this
    // connection has: one that asks for it in the clear, or passes it on, gets nothing. prefer: for
    // a pooler in between that cannot do that; whoever has a certificate may ask for anything then.
    std::string channel_binding = "require";
    bool binds_channel() const {
        return channel_binding == "require" && tls_mode != "disable" && !password.empty();
    }

    // The seed's pool, per process.
    std::size_t connections_min = 2;
    std::size_t connections_max = 10;
    std::chrono::milliseconds idle_max{30'000};
    std::chrono::milliseconds connect_max{2'000};
    // A statement that takes longer is ended, and its connection with it.
    std::chrono::milliseconds statement_max{10'000};
    // Statements and transactions that may wait for a connection; one more is "storage.busy".
    std::size_t waiting_max = 4096;
};

}  // namespace merlon::storage

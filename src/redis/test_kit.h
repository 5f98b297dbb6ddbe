// A Redis that a test plays by hand, for clients of one script.
#pragma once

#include <gtest/gtest.h>

#include "net/test_kit.h"
#include "redis/redis_connection.h"

namespace merlon::redis::testing {

using net::testing::Listener;
using net::testing::Wire;

inline constexpr RedisScript scripts[] = {{"return {tonumber(ARGV[1])}", 1, 1}};
inline constexpr RedisConnection::Probe probe{0, {"probe", "0"}};
inline const std::string digest(40, 'd');

inline std::string bulk(const std::string& text) {
    return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

// Behind the first answer of a log-in: the server learns the script, and says `probed` of the
// probe.
inline void learn_script(Wire& wire, const std::string& probed) {
    wire.read_until("ARGV[1])}\r\n");
    wire.send(bulk(digest));
    EXPECT_EQ(wire.read_until("$1\r\n0\r\n"), "*5\r\n$7\r\nEVALSHA\r\n$40\r\n" + digest +
                                                  "\r\n$1\r\n1\r\n$5\r\nprobe\r\n$1\r\n0\r\n");
    wire.send(probed);
}

// The server's part of a log-in.
inline Wire log_in(Listener& listener) {
    Wire wire = listener.accept();
    EXPECT_EQ(wire.read_until("merlon\r\n"),
              "*4\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$7\r\nSETNAME\r\n$6\r\nmerlon\r\n");
    wire.send("%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n");
    learn_script(wire, "*1\r\n:0\r\n");
    return wire;
}

inline std::string asked(const std::string& number) {
    return "*5\r\n$7\r\nEVALSHA\r\n$40\r\n" + digest + "\r\n$1\r\n1\r\n$3\r\nkey\r\n" +
           bulk(number);
}

}  // namespace merlon::redis::testing

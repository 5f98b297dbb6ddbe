// Copies bytes between two connections after a 101, in both directions.
#pragma once

#include "net/stream.h"

namespace merlon::gateway {

// Carries bytes both ways, each piece sent before the next is read, until both sides have finished
// or one fails. When one side finishes, the other gets the end of stream, and its own direction
// goes on. Borrows the streams; leaves both closed unless both finished. `early_*`: bytes that came
// with the handshakes. `idle`: nothing passing in either direction for so long ends the tunnel.
// Errors: as of Stream::read_some, of the direction that failed.
Task<> tunnel(net::Stream* client, std::string early_client, net::Stream* upstream,
              std::string early_upstream, std::chrono::milliseconds idle);

}  // namespace merlon::gateway

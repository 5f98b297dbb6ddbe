// Listening sockets of TCP and of Unix.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "base/task.h"
#include "net/settings.h"

namespace merlon::net {

using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol, Executor>;

// A listening socket on `endpoint`. A Unix socket's old file is replaced when nobody listens on it.
// Fails with "listen.address" or "listen.failed", the detail saying what to change.
Result<Acceptor> listen_on(Executor executor, const ListenAddress& endpoint);
// Fails with "listen.failed" when somebody listens on a TCP endpoint already. SO_REUSEPORT would
// let a second process share it in silence, and take half of the connections.
Result<> require_free(Executor executor, const ListenAddress& endpoint);
// The TCP port a listener got; 0 for a Unix socket.
std::uint16_t port_of(const Acceptor& acceptor);

}  // namespace merlon::net

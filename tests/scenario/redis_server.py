"""A Redis server of a test's own, and enough of its protocol to look inside. Also what stands in its place and is none."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import threading

import client
from harness import REPOSITORY, free_port


class Refused(Exception):
    """Redis answered with an error."""


class Redis:
    """Redis(folder, *options).start(); its command() speaks RESP2 over one connection in the clear, with TLS over `tls`."""

    def __init__(self, folder, *options, tls=None, user=None, port=None):
        self.folder = pathlib.Path(folder)
        self.options, self.tls, self.user = options, tls, user
        self.port = port or free_port()
        self.process = None

    @property
    def url(self):
        return f"{'rediss' if self.tls else 'redis'}://127.0.0.1:{self.port}"

    def start(self):
        port = ["0", "--tls-port", str(self.port)] if self.tls else [str(self.port)]
        self.process = subprocess.Popen([REPOSITORY / "tests/redis/serve", self.folder, *port, *self.options],
                                        stdin=subprocess.DEVNULL)
        client.wait_for(self.answers, what="Redis")
        return self

    def answers(self):
        if self.process.poll() is not None:
            log = self.folder / "server.log"
            raise AssertionError(f"redis-server ended: {log.read_text() if log.is_file() else ''}")
        with contextlib.suppress(OSError, Refused):
            return self.command("PING") == "PONG"

    def signal(self, number):
        os.kill(self.process.pid, number)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.kill()

    def command(self, *words):
        with socket.create_connection(("127.0.0.1", self.port), 10) as plain:
            with (self.tls.wrap_socket(plain, server_hostname="localhost") if self.tls else plain) as connection:
                file = connection.makefile("rwb")
                if self.user:
                    self._ask(file, "AUTH", *self.user)
                return self._ask(file, *words)

    def _ask(self, file, *words):
        file.write(b"*%d\r\n" % len(words))
        for word in words:
            data = word if isinstance(word, bytes) else str(word).encode()
            file.write(b"$%d\r\n%s\r\n" % (len(data), data))
        file.flush()
        return self._reply(file)

    def _reply(self, file):
        line = file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis has closed the connection")
        kind, text = line[:1], line[1:-2].decode()
        if kind == b"-":
            raise Refused(text)
        if kind == b"+":
            return text
        if kind == b":":
            return int(text)
        if kind == b"$":
            return None if text == "-1" else file.read(int(text) + 2)[:-2].decode()
        return [self._reply(file) for _ in range(int(text))]


class Impostor:
    """Answers every bytes that come with `answer`, after the real Redis behind it has answered `genuine` of them."""

    def __init__(self, answer, genuine=0, behind=None):
        self.answer, self.genuine, self.behind = answer, genuine, behind
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections = 0

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection = self.listener.accept()[0]
                self.connections += 1
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError), connection:
            behind = socket.create_connection(("127.0.0.1", self.behind)) if self.behind else None
            turns = 0
            while asked := connection.recv(65_536):
                turns += 1
                if behind and turns <= self.genuine:
                    behind.sendall(asked)
                    connection.sendall(behind.recv(65_536))
                elif self.answer is None:
                    return
                else:
                    connection.sendall(self.answer)


# What npm's rate-limit-redis 4 runs in Redis for express-rate-limit (github.com/express-rate-limit/rate-limit-redis,
# source/scripts.ts and lib.ts: prefix "rl:", EVALSHA with the key, resetExpiryOnChange and windowMs), told again.
EXPRESS_INCREMENT = """
local hits = redis.call('INCR', KEYS[1])
local expires_ms = redis.call('PTTL', KEYS[1])
if expires_ms < 0 or ARGV[1] == '1' then
  expires_ms = tonumber(ARGV[2])
  redis.call('PEXPIRE', KEYS[1], expires_ms)
end
return {hits, expires_ms}
"""
EXPRESS_GET = "return {redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])}"


class ExpressStore:
    """The store of an express service beside us."""

    def __init__(self, redis, prefix="rl:", window_ms=900_000):
        self.redis, self.prefix, self.window_ms = redis, prefix, window_ms

    def increment(self, client_address):
        hits, _ = self.redis.command("EVAL", EXPRESS_INCREMENT, 1, self.prefix + client_address, "0", self.window_ms)
        return hits

    def get(self, client_address):
        hits, expires_ms = self.redis.command("EVAL", EXPRESS_GET, 1, self.prefix + client_address)
        return int(hits), expires_ms

    def decrement(self, client_address):
        return self.redis.command("DECR", self.prefix + client_address)

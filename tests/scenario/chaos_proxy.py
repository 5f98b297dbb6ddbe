"""A TCP proxy in a process of its own, which misbehaves on demand: what a network does between two parties.

    proxy = Proxy().start()
    port = proxy.link("auth0>postgres", postgres.port)    # of 127.0.0.1
    proxy.set(["auth0>postgres"], "delay", ms=200)     # one mode for new connections and for those that are there
    proxy.set(["auth0>postgres"], "pass")

pass: bytes go through, as TLS too. delay: each piece ms later. drip: eight bytes every ms. stall: accepts, says nothing, and
delivers all of it when the mode ends, as a network that comes back. hole: the same, but what was sent into it is lost, and a
connection that was in it says nothing for ever. reset: each connection is reset (SO_LINGER 0). half_close: each is told that
the other side will send no more. lose_commit: PostgreSQL's COMMIT goes through, and instead of its answer comes a reset; `ms` is
how many of a hundred COMMITs that happens to, and `seed` chooses which.
"""

import asyncio
import contextlib
import json
import logging
import os
import pathlib
import random
import socket
import struct
import subprocess
import sys
import threading

MODES = ("delay", "drip", "stall", "hole", "reset", "half_close", "lose_commit")
COMMIT = b"COMMIT\0"
chances = random.Random()  # of the proxy's own process


class Link:
    def __init__(self, target):
        self.target, self.mode, self.ms = target, "pass", 0
        self.connections = set()
        self.changed = asyncio.Event()

    def set(self, mode, ms):
        self.mode, self.ms = mode, ms
        for connection in list(self.connections):
            connection.meet(mode)
        self.changed.set()
        self.changed = asyncio.Event()

    async def accept(self, reader, writer):
        connection = Connection(self, writer)
        self.connections.add(connection)
        try:
            await connection.run(reader)
        except (OSError, EOFError, asyncio.IncompleteReadError):
            pass
        finally:
            self.connections.discard(connection)
            connection.close()


class Connection:
    def __init__(self, link, writer):
        self.link, self.near, self.far = link, writer, None
        self.is_lost = self.has_lost_commit = False

    def meet(self, mode):
        self.is_lost = self.is_lost or mode == "hole"
        if mode == "reset":
            self.reset()
        elif mode == "half_close":
            with contextlib.suppress(OSError, RuntimeError):
                self.near.write_eof()

    def reset(self):
        for writer in filter(None, (self.near, self.far)):
            with contextlib.suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    def close(self):
        for writer in filter(None, (self.near, self.far)):
            writer.transport.abort()

    async def run(self, reader):
        link = self.link
        while link.mode == "stall":
            await link.changed.wait()
        self.meet(link.mode)
        far_reader, self.far = await asyncio.open_connection(*link.target)
        ways = [asyncio.create_task(self.pump(*way)) for way in ((reader, self.far), (far_reader, self.near))]
        try:
            await asyncio.gather(*ways)  # one that fails ends the other: a reset on one side is one on the other
        except OSError:
            if not self.is_lost:
                self.reset()
            else:
                await asyncio.wait(ways)
        finally:
            for way in ways:
                way.cancel()

    async def pump(self, reader, writer):
        link = self.link
        while data := await reader.read(65_536):
            while link.mode == "stall":
                await link.changed.wait()
            if self.is_lost:
                continue
            if self.has_lost_commit and writer is self.near:  # it has committed, and nobody hears of it
                return self.reset()
            if link.mode == "lose_commit" and writer is self.far and COMMIT in data and chances.randrange(100) < link.ms:
                self.has_lost_commit = True
            if writer.is_closing():
                return
            if link.mode == "delay":
                await asyncio.sleep(link.ms / 1000)
            while link.mode == "drip" and len(data) > 8:
                writer.write(data[:8])
                data = data[8:]
                await asyncio.sleep(link.ms / 1000)
            with contextlib.suppress(RuntimeError):  # half-closed meanwhile
                writer.write(data)
                await writer.drain()
        if not self.is_lost and not writer.is_closing():
            with contextlib.suppress(OSError, RuntimeError):
                writer.write_eof()


async def serve():
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    links, loop = {}, asyncio.get_running_loop()
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        told = json.loads(line)
        if "target" in told:
            link = links[told["link"]] = Link(told["target"])
            server = await asyncio.start_server(link.accept, told["host"], 0, backlog=512)
            answer = server.sockets[0].getsockname()[1]
        else:
            for name in told["links"]:
                links[name].set(told["mode"], told["ms"])
            answer = len(told["links"])
        print(json.dumps(answer), flush=True)
    os._exit(0)  # whatever is still being carried


class Proxy:
    """Ends with its standard input: with who started it, however that ends."""

    def __init__(self, host="127.0.0.1", seed=0):
        self.host, self.seed, self.names, self.process, self.lock = host, seed, [], None, threading.Lock()

    def start(self):
        self.process = subprocess.Popen([sys.executable, pathlib.Path(__file__).resolve(), str(self.seed)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        return self

    def tell(self, **words):
        with self.lock:
            self.process.stdin.write(json.dumps(words) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        assert answer, "the proxy has ended"
        return json.loads(answer)

    def link(self, name, port, at="127.0.0.1"):
        """The port at which it leads to that one."""
        self.names.append(name)
        return self.tell(link=name, host=self.host, target=(at, port))

    def of(self, party):
        """The links on one of whose ends a party is: all of them cut is the party cut off."""
        return [name for name in self.names if party in name.split(">")]

    def set(self, names, mode, ms=0):
        self.tell(links=list(names), mode=mode, ms=ms)

    def stop(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait(30)


if __name__ == "__main__":
    chances.seed(int(sys.argv[1]))
    asyncio.run(serve())

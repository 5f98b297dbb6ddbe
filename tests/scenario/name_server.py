"""A name server that a test plays, over UDP: A and AAAA records with a TTL, which the test changes while it runs."""

import socket
import struct
import threading

A, AAAA = 1, 28


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


class NameServer:
    def __init__(self):
        self.records = {}  # name → ([addresses], TTL in seconds)
        self.failing = set()  # kinds of questions (A, AAAA) that end with SERVFAIL
        self.questions = []
        self.is_silent = False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.is_open = True
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.is_open = False
        self.socket.close()

    def _serve(self):
        while self.is_open:
            try:
                question, sender = self.socket.recvfrom(512)
                if not self.is_silent:
                    self.socket.sendto(self._answer(question), sender)
            except OSError:
                if not self.is_open:
                    return

    def _answer(self, question):
        """RFC 1035, section 4.1."""
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode())
            at += 1 + question[at]
        kind, = struct.unpack(">H", question[at + 1:at + 3])
        name = ".".join(labels)
        self.questions.append((name, kind))
        addresses, ttl = self.records.get(name, ([], 0))
        addresses = [packed(address) for address in addresses if kind == (AAAA if ":" in address else A)]
        flags = 0x8180 if name in self.records else 0x8183
        if kind in self.failing:
            addresses, flags = [], 0x8182
        answers = b"".join(struct.pack(">HHHIH", 0xC00C, kind, 1, ttl, len(address)) + address for address in addresses)
        return question[:2] + struct.pack(">HHHHH", flags, 1, len(addresses), 0, 0) + question[12:at + 5] + answers

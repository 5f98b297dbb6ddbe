"""Reads the journal of a test machine's disk and says what surely lasts and what hangs in the air.

POSIX to the letter: bytes last once their file was synced, a name once its folder was synced, in both cases if they were
there before the sync began. A file is its inode; a process that is killed leaves all it wrote with the kernel, so a
journal goes on over processes.
"""

import dataclasses
import enum
import os
import struct

RECORD = struct.Struct("<IIQQ")  # as in tests/machine/journal.h


class Kind(enum.IntEnum):
    START, OPEN, WRITE, TRUNCATE, SYNC, MAKE_FOLDER, LINK, RENAME, UNLINK = range(9)


@dataclasses.dataclass
class Change:
    """Of a file: bytes at an offset, or a new length. Of a folder: a name, and the inode it is for; None: for none."""
    at: int  # in the journal
    offset: int = 0
    data: bytes = b""
    length: int | None = None
    name: str = ""
    inode: object = None


class Inode:
    """A file or a folder: `lasting` is what it holds for sure, `pending` what was not synced, in order."""

    def __init__(self, is_folder):
        self.is_folder = is_folder
        self.lasting = {} if is_folder else bytearray()
        self.pending = []

    def apply(self, change):
        if self.is_folder:
            if change.inode is None:
                self.lasting.pop(change.name, None)
            else:
                self.lasting[change.name] = change.inode
        elif change.length is not None:
            del self.lasting[change.length:]
            self.lasting.extend(bytes(change.length - len(self.lasting)))
        else:
            self.lasting.extend(bytes(max(0, change.offset - len(self.lasting))))
            self.lasting[change.offset:change.offset + len(change.data)] = change.data

    def sync(self, before):
        done = [change for change in self.pending if change.at < before]
        self.pending = [change for change in self.pending if change.at >= before]
        for change in done:
            self.apply(change)

    def entries(self):
        """Of a folder, as the running system sees it."""
        names = dict(self.lasting)
        for change in self.pending:
            names[change.name] = change.inode
        return {name: inode for name, inode in names.items() if inode is not None}


def records(journal):
    """(where, kind, handle, first, bytes); a kill may have cut the last one short."""
    at = 0
    while at + RECORD.size <= len(journal):
        kind, handle, first, length = RECORD.unpack_from(journal, at)
        end = at + RECORD.size + length
        if end > len(journal):
            return
        yield at, Kind(kind), handle, first, journal[at + RECORD.size:end]
        at = end


class Disk:
    """What is below `root`, a folder whose own name is an entry of its parent, as everything else is."""

    def __init__(self, root):
        self.root = str(root)
        self.parent = Inode(is_folder=True)
        self.handles = {}

    def load(self):
        """Takes what is there now as lasting."""
        if os.path.isdir(self.root):
            self.parent.lasting[os.path.basename(self.root)] = self._load(self.root)

    def _load(self, path):
        inode = Inode(is_folder=os.path.isdir(path))
        if inode.is_folder:
            for name in os.listdir(path):
                if os.path.isfile(os.path.join(path, name)) or os.path.isdir(os.path.join(path, name)):
                    inode.lasting[name] = self._load(os.path.join(path, name))
        else:
            with open(path, "rb") as file:
                inode.lasting = bytearray(file.read())
        return inode

    def find(self, path):
        if path == os.path.dirname(self.root):
            return self.parent
        inode = self.parent.entries().get(os.path.basename(self.root))
        for name in path[len(self.root):].strip("/").split("/"):
            inode = inode.entries().get(name) if inode and name else inode
        return inode

    def _name(self, at, path, inode):
        folder = self.parent if path == self.root else self.find(os.path.dirname(path))
        folder.pending.append(Change(at, name=os.path.basename(path), inode=inode))

    def replay(self, journal):
        for at, kind, handle, first, data in records(journal):
            if kind is Kind.START:
                self.handles = {}
            elif kind is Kind.OPEN:
                path = data.decode()
                if first:
                    self._name(at, path, Inode(is_folder=False))
                self.handles[handle] = self.find(path)
            elif kind is Kind.WRITE:
                self.handles[handle].pending.append(Change(at, offset=first, data=data))
            elif kind is Kind.TRUNCATE:
                self.handles[handle].pending.append(Change(at, length=first))
            elif kind is Kind.SYNC:
                self.handles[handle].sync(before=first)
            elif kind is Kind.MAKE_FOLDER:
                self._name(at, data.decode(), Inode(is_folder=True))
            elif kind is Kind.UNLINK:
                self._name(at, data.decode(), None)
            else:
                old, new = data.decode().split("\0")
                self._name(at, new, self.find(old))
                if kind is Kind.RENAME:
                    self._name(at, old, None)

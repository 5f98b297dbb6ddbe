"""A power cut: what the disk of a killed server's machine holds when the power comes back.

What was synced is there. Of what was not, chance keeps, for each file and folder: nothing, all, a beginning whose last
write is torn, or any of its sectors. Memory that several processes share (SQLite's -shm) is gone.
"""

import os
import pathlib
import shutil

from disk_journal import Change, Disk

SECTOR_BYTES = 512


def sectors(change):
    """The parts of a write that a disk writes as one."""
    start, end = change.offset, change.offset + len(change.data)
    while start < end:
        stop = min(end, (start // SECTOR_BYTES + 1) * SECTOR_BYTES)
        yield Change(change.at, offset=start, data=change.data[start - change.offset:stop - change.offset])
        start = stop


def kept(pending, random):
    """Which of the changes that nobody synced are there nevertheless."""
    luck = random.choice(["nothing", "beginning", "any", "all"])
    if luck == "nothing":
        return []
    if luck == "all":
        return pending
    parts = [part for change in pending for part in (sectors(change) if change.data else [change])]
    if luck == "beginning":
        return parts[:random.randint(0, len(parts))]
    return [part for part in parts if random.random() < 0.5]


def settle(inode, random):
    for change in kept(inode.pending, random):
        inode.apply(change)
    inode.pending = []
    if inode.is_folder:
        for child in inode.lasting.values():
            settle(child, random)


def write(inode, path):
    if inode.is_folder:
        path.mkdir(mode=0o700)
        for name, child in inode.lasting.items():
            if not name.endswith("-shm"):
                write(child, path / name)
    else:
        path.write_bytes(inode.lasting)
        os.chmod(path, 0o600)


class DiskOfMachine:
    """The lasting disk of a machine with a journal, from the last power cut (or the first start) on."""

    def __init__(self, machine):
        self.machine = machine
        self._begin()

    def _begin(self):
        self.disk = Disk(self.machine.disk)
        self.disk.load()
        self.machine.journal.write_bytes(b"")

    def cut_power(self, random):
        """The server has been killed; puts what lasts where the server will look for it."""
        root = pathlib.Path(self.machine.disk)
        self.disk.replay(self.machine.journal.read_bytes())
        settle(self.disk.parent, random)
        if root.exists():
            shutil.rmtree(root)
        if inode := self.disk.parent.lasting.get(root.name):
            write(inode, root)
        self._begin()

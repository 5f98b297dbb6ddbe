"""The test machine (tests/machine): what stands between a process and the kernel, and how a test steers it.

    machine = Machine(folder, disk=data_folder, library=library_of(binary))
    process = subprocess.Popen([…], env={…} | machine.environment())
    machine.sync_delay_ms = 5      # each fsync and fdatasync takes so much longer
    machine.disk_error = errno.ENOSPC
    machine.clock_offset_s = 3600
    machine.syncs                  # how many there were
    machine.write_hosts("127.0.0.2 shop\n")

Needs nothing but Python's own library: the benches use it, too.
"""

import mmap
import pathlib
import struct

# As in tests/machine/control.h.
FIELDS = {"clock_offset_s": ("<q", 0), "sync_delay_ms": ("<I", 8), "disk_error": ("<I", 12), "syncs": ("<Q", 16), "refused_writes": ("<Q", 24),
          "lookup_delay_ms": ("<Q", 32)}
FOLDER_AT, JOURNAL_AT, BYTES = 40, 40 + 1024, 40 + 2048


def library_of(binary):
    """The library that was built beside a binary."""
    library = pathlib.Path(binary).resolve().parent / "libtest_machine.so"
    if not library.is_file():
        preset = library.parent.name
        raise AssertionError(f"no test machine at {library}; build it: cmake --build --preset {preset} --target test_machine")
    return library


def field(name):
    form, offset = FIELDS[name]

    def read(self):
        return struct.unpack_from(form, self.control, offset)[0]

    def write(self, value):
        struct.pack_into(form, self.control, offset, value)

    return property(read, write)


class Machine:
    """`disk`: the folder whose files are on the machine's disk. `journal`: whether it remembers what a power cut leaves."""

    clock_offset_s = field("clock_offset_s")
    sync_delay_ms = field("sync_delay_ms")
    disk_error = field("disk_error")
    syncs = field("syncs")
    refused_writes = field("refused_writes")
    lookup_delay_ms = field("lookup_delay_ms")

    def __init__(self, folder, disk, library, journal=False):
        self.folder = pathlib.Path(folder).resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.library = library
        self.disk = pathlib.Path(disk).resolve()
        self.journal = self.folder / "journal" if journal else None
        content = bytearray(BYTES)
        for offset, text in ((FOLDER_AT, self.disk), (JOURNAL_AT, self.journal or "")):
            content[offset:offset + len(str(text).encode())] = str(text).encode()
        (self.folder / "control").write_bytes(content)
        with open(self.folder / "control", "r+b") as file:
            self.control = mmap.mmap(file.fileno(), BYTES)

    def write_hosts(self, text):
        """What the machine's /etc/hosts is from now on, as an editor replaces it."""
        (self.folder / "hosts.new").write_text(text)
        (self.folder / "hosts.new").replace(self.folder / "hosts")

    def environment(self):
        return {"LD_PRELOAD": str(self.library), "TEST_MACHINE": str(self.folder / "control")}

"""Where the parties of a chaos run live: each in a network namespace of its own, whose cable leads to a switch of the town's.

A party is cut off by pulling its cable out of the switch: whatever is sent then goes nowhere and nobody is told; what TCP sends
again arrives once the cable is back. Needs root and the kernel's bridge and veth. Where those are missing all parties are
at 127.0.0.1, a cut is a black hole of the proxy's, and the run says so.
"""

import atexit
import os
import subprocess

IP = "/usr/sbin/ip"
made = 0  # networks, by this process


class Homes:
    """One machine for all."""

    host = "127.0.0.1"  # where the town's own servers are found
    can_cut = False

    def join(self, party):
        """Where a party listens, and the command that its own is started behind."""
        return "127.0.0.1", ()

    def stop(self):
        pass


class Namespaces:
    can_cut = True

    def __init__(self):
        global made
        made += 1
        number = os.getpid() * 8 + made % 8
        self.net = f"10.{64 + number // 256 % 128}.{number % 256}"
        self.host, self.switch = self.net + ".1", f"town{number}"
        self.holders, self.cables = [], {}
        run("link", "add", "name", self.switch, "type", "bridge")
        atexit.register(self.stop)  # a town that did not get as far as its own
        try:
            run("addr", "add", self.host + "/24", "dev", self.switch)
            run("link", "set", self.switch, "up")
            self.join("nobody")
        except OSError:
            self.stop()
            raise

    def join(self, party):
        number = len(self.cables) + 2
        cable, address = f"{self.switch}-{number}", f"{self.net}.{number}"
        # A namespace lives as long as one of its processes: one that only waits for the end of its input, and ends with us.
        holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.holders.append(holder)
        holder.stdin.write(b"\n")
        holder.stdin.flush()
        if holder.stdout.read(1) != b"\n":
            raise OSError("no network namespace")
        inside = ("nsenter", f"--net=/proc/{holder.pid}/ns/net")
        run("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", str(holder.pid))
        run("link", "set", cable, "master", self.switch, "up")
        run("addr", "add", address + "/24", "dev", "eth0", inside=inside)
        run("link", "set", "lo", "up", inside=inside)
        run("link", "set", "eth0", "up", inside=inside)
        self.cables[party] = cable
        return address, inside

    def cut(self, party):
        run("link", "set", self.cables[party], "nomaster")

    def mend(self, party):
        run("link", "set", self.cables[party], "master", self.switch)

    def stop(self):
        atexit.unregister(self.stop)
        for holder in self.holders:
            holder.stdin.close()
            holder.wait(30)
            holder.stdout.close()
        subprocess.run([IP, "link", "del", self.switch], check=False, capture_output=True)


def run(*words, inside=()):
    done = subprocess.run([*inside, IP, *words], capture_output=True, text=True, timeout=30)
    if done.returncode != 0:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")


def make_network():
    """Namespaces where this machine lets us have them."""
    try:
        return Namespaces()
    except OSError as why:
        print(f"\nchaos: cuts are black holes of the proxy's, as this machine gives no network namespaces: {why}")
        return Homes()

"""A PostgreSQL server that the tests start for themselves, on a free port of 127.0.0.1, and databases on it."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from harness import REPOSITORY, free_port

START_DEADLINE_S = 60


class Postgres:
    def __init__(self, *options):
        # Not below pytest's own folder, which its user alone may enter: the server does not run as root.
        self.folder = tempfile.TemporaryDirectory(prefix="merlon-postgres-")
        pathlib.Path(self.folder.name).chmod(0o755)
        self.directory = pathlib.Path(self.folder.name) / "server"
        self.options = options
        self.port = free_port()
        self.host = "127.0.0.1"  # where psql() finds it; its folder: by the Unix socket
        self.databases = 0
        self.process = None

    def start(self):
        end = time.monotonic() + START_DEADLINE_S
        self.process = self.serve()
        while self.psql("SELECT 1", check=False).returncode != 0:
            if self.process.poll() is not None:
                # The processes of one that was killed may end later than it, and no new one starts beside them.
                assert "shared memory block" in self.log() and time.monotonic() < end, self.log()
                self.process = self.serve()
            assert time.monotonic() < end, "PostgreSQL did not get ready within its deadline"
            time.sleep(0.05)
        return self

    def serve(self):
        return subprocess.Popen([REPOSITORY / "tests/postgres/serve", self.directory, "listen_addresses=127.0.0.1",
                                 f"port={self.port}", "max_connections=400", *self.options])

    def psql(self, sql, database="postgres", user="merlon", check=True):
        return self.run_psql("-c", sql, database=database, user=user, check=check)

    def psql_file(self, path, stdin=""):
        """A script of psql's own words, by its superuser. \\password reads `stdin`: there is no terminal."""
        return self.run_psql("-f", str(path), stdin=stdin)

    def run_psql(self, *arguments, database="postgres", user="merlon", check=True, stdin=""):
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.host, "-p", str(self.port), "-U", user,
                               "-d", database, *arguments], input=stdin, capture_output=True, text=True, timeout=60, start_new_session=True)
        assert not check or done.returncode == 0, done.stderr
        return done

    def hold_transaction(self, database, does="CREATE TEMPORARY TABLE held (n int)"):
        """A process that has a transaction of its own open, for half a minute or until it is killed."""
        return subprocess.Popen(["psql", "-X", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", "merlon", "-d", database,
                                 "-c", "BEGIN", "-c", does, "-c", "SELECT pg_sleep(30)"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def configure(self, hba, conf, files):
        """Ends it, and starts it again with this pg_hba.conf, these lines of postgresql.conf, and files that both name."""
        self.stop()
        self.host = str(self.directory)
        data = self.directory / "data"
        (data / "pg_hba.conf").write_text("local all merlon trust\n" + hba)
        with open(data / "postgresql.conf", "a") as lines:
            lines.write("\n" + conf)
        for name, content in files.items():
            (data / name).write_bytes(content)
            (data / name).chmod(0o600)
            if os.geteuid() == 0:
                shutil.chown(data / name, "postgres")
        return self.start()

    def log(self):
        return (self.directory / "server.log").read_text()

    def rows(self, sql, database):
        return self.psql(sql, database).stdout.splitlines()

    def make_database(self, template="template1"):
        """A database that nobody has used, or a copy of `template`; its name."""
        self.databases += 1
        name = f"merlon{self.databases}"
        self.psql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def url(self, name):
        return f"postgres://merlon@127.0.0.1:{self.port}/{name}"

    def stores(self):
        """The `store` and `keys` sections of an installation of its own."""
        return {"store": {"url": self.url(self.make_database())}, "keys": {"url": self.url(self.make_database())}}

    def stop(self, how=signal.SIGINT):
        """SIGINT: its fast shutdown, which ends all connections; SIGQUIT: without a word to anybody."""
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait(60)
        self.process = None

    def restart(self, how=signal.SIGQUIT):
        self.stop(how)
        self.start()

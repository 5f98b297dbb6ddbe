"""A PostgreSQL server set up by nothing but what `merlon render postgres` made for a configuration, and who may log in there."""

import json
import os
import subprocess

from harness import certificate, run, to_yaml
from postgres import Postgres

PASSWORD = "correct-horse-battery"  # + the role's name: nothing of it may be in any output


def password_of(user):
    return f"{PASSWORD}-{user}"


class RenderedPostgres:
    """`databases`: where in the configuration a url is → (user, database)."""

    def __init__(self, folder, databases, has_client_certificates):
        self.folder = folder
        self.databases = databases
        self.has_client_certificates = has_client_certificates
        folder.mkdir()
        self.authority = certificate(["authority"], ca=True)
        self.put("ca.crt", self.authority[3])
        self.server = Postgres()

    def start(self):
        self.server.start()
        for user in self.users():
            self.issue(user, user)
        self.configuration = self.write("merlon.yaml", self.settings())
        done = run("render", "postgres", "-o", "rendered", "--clients", "127.0.0.0/8", "--clients", "::1/128", directory=self.folder)
        assert done.returncode == 0, done
        self.rendered = {name: (self.folder / "rendered" / name).read_text() for name in ("setup.sql", "passwords.sql", "pg_hba.conf", "postgresql.conf")}
        self.set_up()
        roles = sorted(self.users())
        self.server.psql_file(self.folder / "rendered/passwords.sql", "".join(f"{password_of(role)}\n" * 2 for role in roles))
        of_server = certificate(["localhost"], addresses=(), issuer=self.authority)
        self.server.configure(self.rendered["pg_hba.conf"], self.rendered["postgresql.conf"],
                              {"server.key": of_server[2], "server.crt": of_server[3], "ca.crt": self.authority[3]})
        return self

    def set_up(self):
        return self.server.psql_file(self.folder / "rendered/setup.sql")

    def users(self):
        """Every role, the owners too."""
        return {user for user, _ in self.databases.values()} | {self.owner(database) for _, database in self.databases.values()}

    @staticmethod
    def owner(database):
        return database.removesuffix("_db") + "_owner"

    def put(self, name, content):
        (self.folder / name).write_bytes(content)
        (self.folder / name).chmod(0o600)

    def issue(self, name, common_name, authority=None):
        made = certificate([common_name], addresses=(), issuer=authority or self.authority)
        self.put(f"{name}.key", made[2])
        self.put(f"{name}.crt", made[3])

    def url(self, user, database, host="localhost", port=None, **words):
        words = {"sslmode": "verify-full", "sslrootcert": str(self.folder / "ca.crt")} | words
        if self.has_client_certificates:
            words = {"sslcert": str(self.folder / f"{user}.crt"), "sslkey": str(self.folder / f"{user}.key")} | words
        return f"postgres://{user}@{host}:{port or self.server.port}/{database}?" + "&".join(f"{name}={value}" for name, value in words.items() if value)

    def settings(self, as_owner=False, **url):
        """The `store` and `keys` of a configuration."""
        config = {"version": 1}
        for path, (user, database) in self.databases.items():
            user = self.owner(database) if as_owner else user
            section = config
            for name in path.split("."):
                section = section.setdefault(name, {})
            section |= {"url": self.url(user, database, **url), "password": password_of(user)}
        return config

    def write(self, name, settings):
        (self.folder / name).write_text(to_yaml(settings))
        return name

    def merlon(self, *command, settings=None):
        """A command of merlon under other settings than those that were rendered."""
        done = run(*command, "-c", self.write("other.yaml", settings or self.settings()), directory=self.folder)
        assert PASSWORD not in done.stdout + done.stderr, done
        return done

    def states(self, settings=None):
        done = self.merlon("migrate", "status", "--json", settings=settings)
        return done, {one["state"] for one in json.loads(done.stdout)} if done.returncode in (0, 1) and done.stdout else set()

    def as_user(self, user, database, sql, **words):
        """psql as somebody who has that user's password and certificate."""
        url = self.url(user, database, **words)
        return subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql], capture_output=True, text=True,
                              timeout=60, env=os.environ | {"PGPASSWORD": password_of(user)})

    def privileges(self):
        """Everything that is granted to anybody in these databases, as text."""
        sql = ("SELECT relname, relowner::regrole, relacl FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1; "
               "SELECT datname, datdba::regrole, datacl FROM pg_database ORDER BY 1; SELECT nspname, nspacl FROM pg_namespace WHERE nspname = 'public'; "
               "SELECT defaclrole::regrole, defaclobjtype, defaclacl FROM pg_default_acl ORDER BY 1, 2; "
               "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles ORDER BY 1; SELECT * FROM pg_auth_members ORDER BY 1, 2")
        return {database: self.server.psql(sql, database).stdout for _, database in self.databases.values()}

    def stop(self):
        self.server.stop()

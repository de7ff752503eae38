"""Databases to measure on, filled by `keywright generate`, kept between runs, and copied for each use."""

import os
import random
import shutil
import sqlite3
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from .command import Failed, said_by


@dataclass
class Scale:
    """How much, and how long."""

    rounds: int
    window: int
    warm_up: int
    # Clients of the companies that pages are measured in.
    small: int
    middle: int
    large: int
    # Companies beside them, of a thousand clients each.
    others: int
    distinct: int
    # Codes and refresh tokens for each round.
    codes: int
    purged: int

    @property
    def clients(self):
        return self.small + self.middle + self.large + self.others * 1000


FULL = Scale(5, 4, 2, 200, 10_000, 100_000, 890, 100_000, 12_000, 100_000)
QUICK = Scale(2, 1, 1, 200, 1_000, 5_000, 2, 1_000, 4_000, 2_000)

# Clients of a service: as many as its page is measured with.
SERVICE = 20

PASSWORD = "generated members only"


def member(seed, number=1):
    """The address of a company's administrator."""
    return f"member1@tenant{seed}-{number}.example"


# By company: the seed that made it.
SMALL, MIDDLE, LARGE, OTHERS = 1, 2, 3, 4


def crowded(scale):
    """The companies among many others."""
    return [(SMALL, 1, scale.small), (MIDDLE, 1, scale.middle), (LARGE, 1, scale.large), (OTHERS, scale.others, 1000)]


def alone(scale):
    """The small company, and nobody else."""
    return [(SMALL, 1, scale.small)]


def due(scale):
    """One company with enough clients to purge so many and let others work meanwhile."""
    return [(LARGE, 1, scale.purged + 5_000)]


class Data:
    """A database with its key file and the secrets of its clients, in a folder."""

    def __init__(self, folder, url):
        self.folder, self.url = Path(folder), url
        self.secrets_file = self.folder / "secrets.txt"

    @property
    def file(self):
        return self.folder / "keywright.db"

    def environment(self):
        return {
            "KEYWRIGHT_DATABASE_URL": self.url,
            "KEYWRIGHT_KEY_FILE": str(self.folder / "keywright.key"),
            "KEYWRIGHT_MAIL": f"file:{self.folder / 'mail'}",
            "KEYWRIGHT_LISTEN": "127.0.0.1:{port}",
        }

    def rows(self, query):
        if self.url.startswith("sqlite://"):
            with sqlite3.connect(self.file) as connection:
                return [tuple(map(str, row)) for row in connection.execute(query)]
        said = self._psql("--tuples-only", "--no-align", "--field-separator=\t", "--command", query)
        return [tuple(line.split("\t")) for line in said.splitlines()]

    def change(self, script):
        if self.url.startswith("sqlite://"):
            with sqlite3.connect(self.file) as connection:
                connection.executescript(f"BEGIN; {script} COMMIT;")
        else:
            self._psql("--set=ON_ERROR_STOP=1", "--single-transaction", "--file=-", said=script)

    def vacuum(self):
        """Until clients can be searched by their index alone: rows that somebody's snapshot doesn't see yet wait for the next
        time."""
        seen = "SELECT relallvisible >= 0.95 * relpages FROM pg_class WHERE oid = 'clients'::regclass"
        for _ in range(60):
            self._psql("--command=VACUUM (ANALYZE)")
            if self.rows(seen) == [("t",)]:
                return
            time.sleep(1)
        raise Failed("something keeps PostgreSQL from vacuuming")

    def _psql(self, *arguments, said=None):
        return said_by(["psql", self.url, "--no-psqlrc", "--quiet", *arguments], input=said)

    def secrets(self):
        return dict(line.split() for line in self.secrets_file.read_text().splitlines())

    def machine_clients(self, count):
        """Clients that get tokens by client credentials, with their secrets, in no order."""
        query = (
            "SELECT clients.client_id FROM clients JOIN services ON services.id = clients.service_id "
            "WHERE clients.grant_types LIKE '%client_credentials%' AND clients.status = 'active' "
            "AND services.status = 'active' ORDER BY clients.client_id"
        )
        secrets = self.secrets()
        found = [(client, secrets[client]) for (client,) in self.rows(query) if client in secrets]
        random.Random(1).shuffle(found)
        if len(found) < count:
            raise ValueError(f"{count} clients are wanted, and {len(found)} are there")
        return found[:count]


def fill(data, binary, companies, tell):
    """Fills an empty database."""
    data.folder.mkdir(parents=True, exist_ok=True)
    secrets = []
    for seed, tenants, clients in companies:
        begun = time.monotonic()
        part = data.folder / f"secrets-{seed}.txt"
        command = [binary, "generate", "--seed", seed, "--tenants", tenants, "--clients", clients, "--services", clients // SERVICE]
        command += ["--members", 5, "--secrets-out", part]
        environment = {**os.environ, **{name: value.replace("{port}", "0") for name, value in data.environment().items()}}
        said_by(command, env=environment)
        secrets.append(part.read_text())
        tell(f"{tenants * clients} clients in {time.monotonic() - begun:.0f} s")
    data.secrets_file.write_text("".join(secrets))


def kept(folder, binary, companies, tell):
    """A filled SQLite database that is kept for the next run. Not to be changed: see `copied`."""
    name = "-".join([*(f"{seed}x{tenants}x{clients}" for seed, tenants, clients in companies), f"by{SERVICE}"])
    data = Data(folder / name, f"sqlite://{folder / name / 'keywright.db'}")
    # What is generated as deleted is due after 13 days.
    fresh = data.secrets_file.exists() and time.time() - data.secrets_file.stat().st_mtime < 7 * 86_400
    if not fresh:
        shutil.rmtree(data.folder, ignore_errors=True)
        fill(data, binary, companies, tell)
    return data


def copied(data, folder):
    """A copy to work on."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run(["cp", "--reflink=auto", "-r", f"{data.folder}/.", str(folder)], check=True)
    return Data(folder, f"sqlite://{folder / 'keywright.db'}")

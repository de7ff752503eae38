"""Load by wrk, on the same machine, and what it cost the server."""

import json
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from .command import Failed

# As a browser says it.
COMPRESSED = {"Accept-Encoding": "gzip, deflate, br"}

# Keywright writes down every second what happened at its endpoints; what that costs belongs to the requests before.
SETTLING = 1.5

SCRIPT = Path(__file__).resolve().parents[1] / "load.lua"


@dataclass
class Load:
    """Requests to send again and again: lines of load.lua's file, and headers that all of them have."""

    lines: list
    headers: dict = field(default_factory=dict)
    connections: int = 8
    # Where the next window goes on: nothing is asked twice as long as there is more.
    at: int = 0
    file: Path = None

    @classmethod
    def get(cls, *paths, connections=8, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls([f"GET\t{path}\t\t" for path in paths], named, connections)

    def write(self):
        if self.file is None:
            with tempfile.NamedTemporaryFile("w", prefix="keywright-load.", suffix=".tsv", delete=False) as file:
                file.writelines(line + "\n" for line in self.lines)
            self.file = Path(file.name)
        return self.file

    def __del__(self):
        if self.file is not None:
            self.file.unlink(missing_ok=True)


def start(url, load, seconds):
    command = ["wrk", "--threads", "1", "--connections", str(load.connections), "--duration", f"{seconds}s", "--timeout", "30s"]
    command += ["--script", str(SCRIPT)]
    for name, value in load.headers.items():
        command += ["--header", f"{name}: {value}"]
    command += [url, "--", str(load.write()), str(load.at)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(running, load):
    said, complained = running.communicate()
    measured = next((line for line in said.splitlines() if line.startswith("MEASURED ")), None)
    if measured is None:
        raise Failed(f"wrk measured nothing: {said} {complained}")
    figures = json.loads(measured.removeprefix("MEASURED "))
    load.at += figures["requests"] + load.connections
    if figures["refused"] or figures["broken"] or not figures["requests"]:
        raise Failed(f"requests were refused or broken, so nothing was measured: {figures}")
    return figures


@dataclass
class Window:
    """What one stretch of time showed."""

    requests: int
    per_second: float
    # Microseconds of processor time for each request.
    cpu: float
    # Milliseconds.
    p50: float
    p99: float
    bytes: float


def measure(server, load, seconds):
    before = server.cpu_seconds()
    figures = finish(start(server.url, load, seconds), load)
    time.sleep(SETTLING)
    used = server.cpu_seconds() - before
    return Window(
        requests=figures["requests"],
        per_second=figures["requests"] / figures["microseconds"] * 1e6,
        cpu=used / figures["requests"] * 1e6,
        p50=figures["p50"] / 1000,
        p99=figures["p99"] / 1000,
        bytes=figures["bytes"] / figures["requests"],
    )

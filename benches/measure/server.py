"""A server of its own on a free port of this machine: started, waited for, what it costs, ended."""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from .command import Failed, end_of

TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Server:
    """Runs while it is the context: `with Server(...) as server`. Its log goes to a file."""

    def __init__(self, name, command, log, environment=None, ready="/readyz", folder=None, port=None):
        self.name, self.command, self.log, self.ready, self.folder = name, command, Path(log), ready, folder
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {name: value.replace("{port}", str(self.port)) for name, value in (environment or {}).items()}
        self.process = None

    def __enter__(self):
        self.log.parent.mkdir(parents=True, exist_ok=True)
        command = [str(part).replace("{port}", str(self.port)) for part in self.command]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **self.environment},
            )
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _wait(self):
        deadline = time.monotonic() + 120
        while not answers(self.port, self.ready):
            if self.process.poll() is not None:
                raise Failed(f"{self.name} did not start:\n{end_of(self.log.read_text())}")
            if time.monotonic() > deadline:
                raise Failed(f"{self.name} does not answer:\n{end_of(self.log.read_text())}")
            time.sleep(0.002)

    def cpu_seconds(self):
        """What it and its children have used of all cores since it was started."""
        return cpu_seconds(self.process.pid)

    def resident_mib(self):
        """Now, and the most there ever was."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        return tuple(round(int(fields[name].split()[0]) / 1024, 1) for name in ("VmRSS", "VmHWM"))


def answers(port, path):
    """Whether a request is answered with success, however soon after the start."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status < 400
    except urllib.error.HTTPError as refused:
        return refused.code in (401, 403, 404) and path != "/readyz"
    except OSError:
        return False


def cpu_seconds(pid):
    children = {}
    ticks = {}
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            # The name is in brackets, and may hold anything.
            fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.name))
        # utime, stime, and those of children that have ended.
        ticks[int(entry.name)] = sum(map(int, fields[11:15]))
    total, family = 0, [pid]
    while family:
        member = family.pop()
        total += ticks.get(member, 0)
        family += children.get(member, [])
    return total / TICKS

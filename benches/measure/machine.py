"""The machine that figures come from: a figure without it is worth nothing."""

import os
import platform
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def describe(node):
    """`node` is the one that peers run on."""
    cpu = _field("/proc/cpuinfo", "model name")
    memory = int(_field("/proc/meminfo", "MemTotal").split()[0]) / 1024 / 1024
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "kernel": platform.release(),
        "system": _field("/etc/os-release", "PRETTY_NAME", "=").strip('"'),
        "rustc": _first_line("rustc", "--version"),
        "wrk": _first_line("wrk", "-v").split(" [")[0],
        "node": _first_line(node, "--version"),
        "python": platform.python_version(),
        "postgres": _postgres(),
        "commit": _commit(),
    }


def _commit():
    """What is measured; `-dirty` where that is more than was committed. What the benches write themselves is not measured."""
    git = ["git", "-C", str(ROOT)]
    commit = _first_line(*git, "describe", "--always")
    asked = [*git, "status", "--porcelain", "--untracked-files=no", "--", ":/", ":!benches/results", ":!README.md"]
    changed = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    return f"{commit}-dirty" if changed else commit


def busy():
    """How many processes wanted to run in the last minute, for each core."""
    return os.getloadavg()[0] / os.cpu_count()


def _field(file, name, separator=":"):
    for line in Path(file).read_text().splitlines():
        key, _, value = line.partition(separator)
        if key.strip() == name:
            return value.strip()
    return "unknown"


def _first_line(*command):
    try:
        # wrk says its version and then that it was used wrongly.
        said = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "none"
    lines = (said.stdout or said.stderr).splitlines()
    return lines[0].strip() if lines else "none"


def _postgres():
    servers = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return _first_line(str(servers[-1]), "--version") if servers else "none"

"""Starting and standing: time to the first answer that it is ready, memory, the size of the program."""

import time

from .. import portal
from ..data import LARGE, copied, crowded, kept, member
from ..load import COMPRESSED, measure
from ..portal import ID, Browser, token_load
from ..rounds import spread
from ..server import Server, answers

STARTS = 10
LIVES = 3


def run(run):
    data = copied(kept(run.data, run.binary, crowded(run.scale), run.tell), run.scratch / "starting")
    clients = data.machine_clients(run.scale.distinct)
    return {
        "clients": run.scale.clients,
        **on(run, data, clients),
        "program_mib": round(run.binary.stat().st_size / 1024 / 1024, 1),
    }


def on(run, data, clients):
    """The same on whatever database it is."""
    with portal.serve(run, data) as server:
        # Nothing has to be made any more: key file, signing keys, tables.
        portal.token(server, *clients[0])
    run.tell("starts")
    ready = [_start(run, data) for _ in range(STARTS)]
    run.tell("memory idle and under load")
    lives = [_live(run, data, clients) for _ in range(LIVES)]
    return {
        "ready_milliseconds": spread(ready, 1),
        "resident_mib": {name: spread(values, 1) for name, values in zip(("idle", "after_load", "most"), zip(*lives))},
    }


def _live(run, data, clients):
    """Mebibytes of one life: before anybody came, after all clients of the table and pages of the largest company, and the
    most there were."""
    with portal.serve(run, data) as server:
        time.sleep(3)
        idle, _ = server.resident_mib()
        browser = Browser(server, member(LARGE))
        pages = browser.load("/clients", "/services", browser.first("/services", f"/services/{ID}"), **COMPRESSED)
        seconds = run.scale.window * run.scale.rounds
        measure(server, token_load(clients), seconds)
        measure(server, pages, seconds)
        return (idle, *server.resident_mib())


def _start(run, data):
    """Milliseconds from the start of the program to the first answer of /readyz that says so."""
    server = Server("start", [run.binary, "serve"], data.folder / "start.log", data.environment(), folder=data.folder)
    begun = time.monotonic()
    with server:
        elapsed = (time.monotonic() - begun) * 1000
        if not answers(server.port, "/readyz"):
            raise AssertionError("it was ready, and is not")
    return elapsed

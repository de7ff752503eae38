"""The same on PostgreSQL: one instance, and three on one database beside one; starting, and purging.

The server is that of tests/postgres, which does without fsync: what reads cost is the same with it, writing would take
longer."""

import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from .. import load as wrk
from .. import portal
from ..command import Failed, said_by
from ..data import LARGE, MIDDLE, SMALL, Data, due, fill, member
from ..load import measure
from ..machine import ROOT
from ..portal import ID, Browser, token_load
from ..rounds import Contender, figures, in_turn
from ..server import cpu_seconds
from . import purging, starting, tokens

INSTANCES = 3


def run(run):
    with _postgres() as (url, database_pid):
        data = Data(run.scratch / "postgres", url)
        fill(data, run.binary, _companies(run.scale), run.tell)
        # As autovacuum does it by itself, some minutes after so many new rows.
        data.vacuum()
        clients = data.machine_clients(min(run.scale.distinct, 30_000))
        with ExitStack() as running:
            servers = [running.enter_context(portal.serve(run, data, f"instance-{number}")) for number in range(INSTANCES)]
            for server in servers:
                portal.token(server, *clients[0])
            one = _one(run, data, servers[0], clients, database_pid)
            instances = _instances(run, servers, clients)
        stood = starting.on(run, data, clients)
    with _postgres() as (url, _):
        data = Data(run.scratch / "postgres-purging", url)
        fill(data, run.binary, due(run.scale), run.tell)
        data.vacuum()
        purged = purging.on(run, data)
    return {
        "clients": sum(tenants * count for _, tenants, count in _companies(run.scale)),
        "one": one,
        "instances": instances,
        "starting": stood,
        "purging": purged,
    }


def _companies(scale):
    return [(SMALL, 1, scale.small), (MIDDLE, 1, scale.middle), (LARGE, 1, scale.large)]


def _one(run, data, server, clients, database_pid):
    run.tell("PostgreSQL, one instance")
    browser, crowd = Browser(server, member(SMALL)), Browser(server, member(LARGE))
    pages = [
        Contender("service", server, browser.load(browser.first("/services", f"/services/{ID}"))),
        Contender("first page", server, crowd.load("/clients")),
        Contender("deep page", server, crowd.load(portal.deep_page(run.scale.large))),
        *(Contender(f"search, {count} at once", server, crowd.load(*portal.SEARCHES, connections=count)) for count in (1, 8)),
    ]
    machines = [
        Contender("client credentials, 1 client", server, token_load(clients[:1])),
        Contender(f"client credentials, {len(clients)} clients", server, token_load(clients)),
    ]
    # Apart, as on SQLite: what the database tidies up after some ten thousand tokens is no cost of a page's.
    windows = in_turn(pages, run.scale) | in_turn(machines, run.scale)
    windows = {name: figures(measured) for name, measured in windows.items()}
    # What the database itself used, for a token.
    before = cpu_seconds(database_pid)
    window = measure(server, token_load(clients[:1]), run.scale.window)
    windows["database_cpu_microseconds_of_a_token"] = round((cpu_seconds(database_pid) - before) / window.requests * 1e6, 1)
    return {**windows, **tokens.for_users(run, data, server, clients[0])}


# So many connections ask in all, however many instances there are; each instance is asked by a wrk of its own.
ASKING = 12


def _instances(run, servers, clients):
    """A service's page and tokens by one instance and by all of them, in turn."""
    run.tell(f"PostgreSQL, one instance and {INSTANCES}")
    browser = Browser(servers[0], member(SMALL))
    page = browser.load(browser.first("/services", f"/services/{ID}"))
    contenders = {
        f"{what}, {name}": (group, load)
        for what, load in (("service", page), ("client credentials", token_load(clients)))
        for name, group in (("one instance", servers[:1]), (f"{INSTANCES} instances", servers))
    }
    for group, load in contenders.values():
        _together(group, load, run.scale.warm_up)
    rounds = {name: [] for name in contenders}
    for _ in range(run.scale.rounds):
        for name, (group, load) in contenders.items():
            rounds[name].append(_together(group, load, run.scale.window))
    return {name: figures(windows) for name, windows in rounds.items()}


def _together(servers, load, seconds):
    """A window in which all of them are asked, as if they were one; its latencies are those of the slowest."""
    count = len(servers)
    # Each by other clients, of those that there are.
    loads = [replace(load, connections=ASKING // count, at=len(load.lines) // count * n, file=None) for n in range(count)]
    before = [server.cpu_seconds() for server in servers]
    running = [wrk.start(server.url, load, seconds) for server, load in zip(servers, loads)]
    done = [wrk.finish(process, load) for process, load in zip(running, loads)]
    time.sleep(wrk.SETTLING)
    used = sum(server.cpu_seconds() for server in servers) - sum(before)
    requests = sum(said["requests"] for said in done)
    return wrk.Window(
        requests=requests,
        per_second=sum(said["requests"] / said["microseconds"] * 1e6 for said in done),
        cpu=used / requests * 1e6,
        p50=max(said["p50"] for said in done) / 1000,
        p99=max(said["p99"] for said in done) / 1000,
        bytes=sum(said["bytes"] for said in done) / requests,
    )


@contextmanager
def _postgres():
    """A server that is there for as long as this lasts, with an empty database: its address, and its process."""
    say = [sys.executable, "-c", "import os, sys; print(os.environ['TEST_POSTGRES'], flush=True); sys.stdin.read()"]
    process = subprocess.Popen([ROOT / "tests" / "postgres", *say], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        address = process.stdout.readline().strip()
        if not address:
            raise Failed("PostgreSQL did not start")
        said_by(["psql", address, "--quiet", "--command", "CREATE DATABASE benches"])
        yield address.rpartition("/")[0] + "/benches", process.pid
    finally:
        process.stdin.close()
        process.wait()

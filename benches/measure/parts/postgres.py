"""The core figures on PostgreSQL: one instance, and three on one database, each asked by a wrk of its own.

The server is that of tests/postgres, which does without fsync: what reads cost is the same with it, writing would take
longer."""

import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from .. import load as wrk
from .. import portal
from ..data import LARGE, MIDDLE, SMALL, Data, fill, member
from ..load import measure
from ..machine import ROOT
from ..portal import ID, Browser, token_load
from ..rounds import Contender, figures, in_turn, spread
from ..server import Failed, cpu_seconds
from . import tokens

INSTANCES = 3


def run(run):
    with _postgres() as (url, database_pid):
        data = Data(run.scratch / "postgres", url)
        fill(data, run.binary, _companies(run.scale), run.tell)
        clients = data.machine_clients(min(run.scale.distinct, 30_000))
        with ExitStack() as running:
            servers = [running.enter_context(portal.serve(run, data, f"instance-{number}")) for number in range(INSTANCES)]
            for server in servers:
                portal.token(server, *clients[0])
            one = _one(run, data, servers[0], clients, database_pid)
            three = _three(run, servers, clients)
    return {"clients": sum(tenants * count for _, tenants, count in _companies(run.scale)), "one": one, "three": three}


def _companies(scale):
    return [(SMALL, 1, scale.small), (MIDDLE, 1, scale.middle), (LARGE, 1, scale.large)]


def _one(run, data, server, clients, database_pid):
    run.tell("PostgreSQL, one instance")
    browser, crowd = Browser(server, member(SMALL)), Browser(server, member(LARGE))
    contenders = [
        Contender("service", server, browser.load(browser.first("/services", f"/services/{ID}"))),
        Contender("search among the most clients", server, crowd.load(*portal.SEARCHES)),
        Contender("client credentials, 1 client", server, token_load(clients[:1])),
        Contender(f"client credentials, {len(clients)} clients", server, token_load(clients)),
    ]
    windows = {name: figures(measured) for name, measured in in_turn(contenders, run.scale).items()}
    # What the database itself used, for a token.
    before = cpu_seconds(database_pid)
    window = measure(server, token_load(clients[:1]), run.scale.window)
    windows["database_cpu_microseconds_of_a_token"] = round((cpu_seconds(database_pid) - before) / window.requests * 1e6, 1)
    return {**windows, **tokens.for_users(run, data, server, clients[0])}


def _three(run, servers, clients):
    run.tell(f"PostgreSQL, {INSTANCES} instances")
    rounds = []
    for _ in range(run.scale.rounds):
        loads = [replace(token_load(clients), connections=4, at=len(clients) // INSTANCES * number) for number in range(INSTANCES)]
        before = [server.cpu_seconds() for server in servers]
        running = [wrk.start(server.url, load, run.scale.window) for server, load in zip(servers, loads)]
        done = [wrk.finish(process, load) for process, load in zip(running, loads)]
        used = sum(server.cpu_seconds() for server in servers) - sum(before)
        requests = sum(figures["requests"] for figures in done)
        per_second = sum(figures["requests"] / figures["microseconds"] * 1e6 for figures in done)
        rounds.append((used / requests * 1e6, per_second, max(figures["p99"] for figures in done) / 1000))
    return {
        "cpu_microseconds": spread([cpu for cpu, _, _ in rounds], 1),
        "requests_per_second": spread([per_second for _, per_second, _ in rounds], 0),
        "p99_milliseconds": spread([p99 for _, _, p99 in rounds]),
    }


@contextmanager
def _postgres():
    """A server that is there for as long as this lasts, with an empty database: its address, and its process."""
    say = [sys.executable, "-c", "import os, sys; print(os.environ['TEST_POSTGRES'], flush=True); sys.stdin.read()"]
    process = subprocess.Popen([ROOT / "tests" / "postgres", *say], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        address = process.stdout.readline().strip()
        if not address:
            raise Failed("PostgreSQL did not start")
        subprocess.run(["psql", address, "--quiet", "--command", "CREATE DATABASE benches"], check=True)
        yield address.rpartition("/")[0] + "/benches", process.pid
    finally:
        process.stdin.close()
        process.wait()

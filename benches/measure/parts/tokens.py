"""The token endpoint: client credentials beside the floor and over many clients; codes, refresh tokens, introspection."""

from .. import floor, grants, portal
from ..data import copied, crowded, kept
from ..load import Load
from ..portal import basic, token_load
from ..rounds import Contender, figures, in_turn, ratio, ratio_of_requests


def run(run):
    data = copied(kept(run.data, run.binary, crowded(run.scale), run.tell), run.scratch / "tokens")
    clients = data.machine_clients(run.scale.distinct)
    with portal.serve(run, data) as server:
        floor_server, _, _ = floor.serve(run, data, server)
        with floor_server:
            run.tell("client credentials, beside the floor")
            portal.token(server, *clients[0])
            contenders = [
                Contender("floor", floor_server, token_load(clients[:1], "/token")),
                Contender("1 client", server, token_load(clients[:1])),
                Contender("1000 clients", server, token_load(clients[:1000])),
                Contender(f"{len(clients)} clients", server, token_load(clients)),
                Contender(f"floor, {len(clients)} clients", floor_server, token_load(clients, "/token")),
            ]
            windows = in_turn(contenders, run.scale)
        credentials = {
            "clients": len(clients),
            "ratio": ratio(windows, "1 client", "floor"),
            "requests_a_second_for_each_of_the_floor": ratio_of_requests(windows, "1 client", "floor"),
            "ratio_of_many_clients_to_one": ratio(windows, f"{len(clients)} clients", "1 client"),
            "ratio_of_many_clients_to_one_at_the_floor": ratio(windows, f"floor, {len(clients)} clients", "floor"),
            **{name: figures(measured) for name, measured in windows.items()},
        }
        return {"client_credentials": credentials, **for_users(run, data, server, clients[0])}


def for_users(run, data, server, machine):
    """What a user's sign-in leads to, and asking whether a token lives."""
    run.tell("codes, refresh tokens, introspection")
    prepared = grants.prepare(data, run.scale.codes * (run.scale.rounds + 1))
    authorization = basic(prepared.client_id, prepared.secret)
    token = portal.token(server, *machine)
    contenders = [
        Contender("code", server, Load([f"POST\t/oauth2/token\t{authorization}\t{body}" for body in prepared.codes])),
        Contender("refresh", server, Load([f"POST\t/oauth2/token\t{authorization}\t{body}" for body in prepared.refreshing])),
        Contender("introspection", server, Load([f"POST\t/oauth2/introspect\t{basic(*machine)}\ttoken={token}"])),
    ]
    return {name: figures(measured) for name, measured in in_turn(contenders, run.scale).items()}

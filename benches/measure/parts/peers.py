"""Others beside Keywright, each as its documentation sets it up: oidc-provider's tokens, django-oauth-toolkit's pages and
tokens. They do less for a request in some things and more in others; benches/README.md says what."""

import json
import os
import secrets
import shutil
from dataclasses import replace

from .. import portal
from ..command import Failed, said_by
from ..data import SMALL, alone, copied, kept, member
from ..load import Load
from ..machine import ROOT
from ..portal import ID, Browser, basic, token_load
from ..rounds import Contender, figures, in_turn, ratio
from ..server import Server

# gunicorn's own advice is twice the cores and one, for workers that wait; here nobody waits for anything but the cores.
WORKERS = 2


def run(run):
    data = copied(kept(run.data, run.binary, alone(run.scale), run.tell), run.scratch / "peers")
    with portal.serve(run, data) as server:
        browser = Browser(server, member(SMALL))
        clients = data.machine_clients(1)
        portal.token(server, *clients[0])
        return {"oidc-provider": _oidc_provider(run, server, clients), "django-oauth-toolkit": _django(run, server, browser, clients)}


def _oidc_provider(run, server, clients):
    run.tell("oidc-provider")
    client, secret = "benches", secrets.token_urlsafe(32)
    environment = {"PORT": "{port}", "CLIENT_ID": client, "CLIENT_SECRET": secret, "NODE_ENV": "production"}
    command = [run.node, "oidc-provider.mjs"]
    log, ready = run.scratch / "oidc-provider.log", "/.well-known/openid-configuration"
    with Server("oidc-provider", command, log, environment, ready, run.node_folder) as peer:
        contenders = [
            Contender("keywright", server, token_load(clients)),
            Contender("oidc-provider", peer, token_load([(client, secret)], "/token")),
        ]
        windows = in_turn(contenders, run.scale)
    return {
        "ratio": ratio(windows, "oidc-provider", "keywright"),
        **{name: figures(measured) for name, measured in windows.items()},
    }


def _django(run, server, browser, clients):
    run.tell("django-oauth-toolkit")
    folder = run.scratch / "django"
    folder.mkdir()
    shutil.copy(ROOT / "benches" / "django" / "project.py", folder)
    environment = {"DJANGO_DATABASE": str(folder / "django.db")}
    made = json.loads(said_by([run.python, "project.py", "prepare"], cwd=folder, env={**os.environ, **environment}))
    command = [run.python.parent / "gunicorn", "--bind", "127.0.0.1:{port}", "--workers", WORKERS, "project:application"]
    with Server("django-oauth-toolkit", command, folder / "log", environment, "/o/applications/", folder) as peer:
        cookie = {"Cookie": made["cookie"]}
        for page in (made["list"], made["details"]):
            status, _, _ = portal.ask(peer.url + page, cookie)
            if status != 200:
                raise Failed(f"django-oauth-toolkit answers {status} at {page}")

        def asking(client):
            return token_load([(client, made["secret"])], "/o/token/")

        of_service, of_client = browser.first("/services", f"/services/{ID}"), browser.first("/clients", f"/clients/{ID}")
        contenders = [
            Contender("keywright, 20 clients", server, browser.load(of_service)),
            Contender("django, 20 applications", peer, Load.get(made["list"], **cookie)),
            Contender("keywright, a client", server, browser.load(of_client)),
            Contender("django, an application", peer, Load.get(made["details"], **cookie)),
            Contender("keywright, token", server, token_load(clients)),
            Contender("django, token, plain secret", peer, asking(made["client_id_of_plain_secret"])),
            # Its hash of a secret is one for passwords, and takes long.
            Contender("django, token", peer, replace(asking(made["client_id"]), connections=WORKERS), patience=3),
        ]
        windows = in_turn(contenders, run.scale)
    return {
        "ratio_of_lists": ratio(windows, "django, 20 applications", "keywright, 20 clients"),
        "ratio_of_pages": ratio(windows, "django, an application", "keywright, a client"),
        "ratio_of_tokens": ratio(windows, "django, token", "keywright, token"),
        "ratio_of_tokens_with_a_plain_secret": ratio(windows, "django, token, plain secret", "keywright, token"),
        **{name: figures(measured) for name, measured in windows.items()},
    }

"""What pages weigh for a browser: requests and compressed bytes, the first time and again."""

import json
import os

from .. import portal
from ..command import said_by
from ..data import SMALL, alone, copied, kept, member
from ..portal import ID, Browser


def run(run):
    data = copied(kept(run.data, run.binary, alone(run.scale), run.tell), run.scratch / "weight")
    with portal.serve(run, data) as server:
        browser = Browser(server, member(SMALL))
        pages = {
            "start page": "/",
            "services": "/services",
            "service with 20 clients": browser.first("/services", f"/services/{ID}"),
            "clients": "/clients",
            "client": browser.first("/clients", f"/clients/{ID}"),
        }
        environment = {**os.environ, "BASE_URL": server.url, "COOKIE": browser.cookie, "CHROMIUM": run.chromium()}
        said = said_by([run.node, "weight.mjs", *pages.values()], cwd=run.node_folder, env=environment)
    weights = json.loads(said)
    return {page: weights[path] for page, path in pages.items()}

"""Keywright, served for measuring, and somebody signed in to it."""

import base64
import json
import re
import urllib.error
import urllib.parse
import urllib.request

from .command import Failed
from .data import PASSWORD
from .load import Load
from .server import Server

# A name that few clients have, the end of an identifier, and a word that many have; no two searches in a row are alike.
SEARCHES = [f"/clients?search={text}" for n in range(11, 61) for text in (f"kiosk+{n}", f"c1{n}", "kiosk")]


ROWS_PER_PAGE = 25


def deep_page(count):
    """Far back in the list of a company with so many clients."""
    return f"/clients?page={count // ROWS_PER_PAGE * 9 // 10}"


def serve(run, data, name="keywright"):
    """As people run it: with the log that it has unless told otherwise."""
    return Server(name, [run.binary, "serve"], data.folder / f"{name}.log", data.environment(), folder=data.folder)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def ask(url, headers=None, form=None):
    """Status, headers and body of an answer; redirects are not followed."""
    body = urllib.parse.urlencode(form).encode() if form is not None else None
    request = urllib.request.Request(url, data=body, headers=headers or {})
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read()


class Browser:
    def __init__(self, server, email):
        form = {"email": email, "password": PASSWORD}
        status, headers, _ = ask(f"{server.url}/sign-in", {"Origin": server.url}, form)
        if status != 303 or "Set-Cookie" not in headers:
            raise Failed(f"{email} could not sign in: {status}")
        self.server = server
        self.cookie = headers["Set-Cookie"].split(";")[0]

    def visit(self, path):
        status, _, body = ask(self.server.url + path, {"Cookie": self.cookie})
        if status != 200:
            raise Failed(f"{path}: {status}")
        return body.decode()

    def first(self, path, pattern):
        """The first address on a page that fits a pattern."""
        found = re.search(f'href="({pattern})"', self.visit(path))
        if not found:
            raise Failed(f"{path} has no link like {pattern}")
        return found[1]

    def load(self, *paths, connections=8, **headers):
        """Load of pages. Each is looked at once before: no redirect, no error."""
        for path in paths:
            self.visit(path)
        return Load.get(*paths, connections=connections, Cookie=self.cookie, **headers)


ID = "[0-9a-f-]{36}"


def basic(client, secret):
    return "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()


def token(server, client, secret):
    """A token of a client. The first one that a deployment issues makes its signing keys, which takes a while."""
    headers = {"Authorization": basic(client, secret)}
    status, _, body = ask(f"{server.url}/oauth2/token", headers, {"grant_type": "client_credentials"})
    if status != 200:
        raise Failed(f"{client} got no token: {status} {body}")
    return json.loads(body)["access_token"]


def token_load(clients, path="/oauth2/token", **headers):
    """Client credentials, by one client after the other."""
    lines = [f"POST\t{path}\t{basic(client, secret)}\tgrant_type=client_credentials" for client, secret in clients]
    return Load(lines, headers)

"""The floor (benches/floor), served on the same database as the portal that it is compared with."""

from .data import SMALL, member
from .portal import ID, Browser
from .server import Server


def serve(run, data, portal):
    """With the page of the service that it answers with. The portal must be running."""
    browser = Browser(portal, member(SMALL))
    path = browser.first("/services", f"/services/{ID}")
    page = data.folder / "page.html"
    page.write_text(browser.visit(path))
    [(session,)] = data.rows("SELECT key_hash FROM sessions ORDER BY created_at DESC LIMIT 1")
    environment = {
        "FLOOR_DATABASE": str(data.file),
        "FLOOR_LISTEN": "127.0.0.1:{port}",
        "FLOOR_PAGE": str(page),
        "FLOOR_SERVICE": path.rsplit("/", 1)[1],
        "FLOOR_SESSION": session,
    }
    return Server("floor", [run.floor], data.folder / "floor.log", environment), browser, path

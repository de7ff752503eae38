"""Pages: what one costs beside the floor, whether that grows with companies or clients, and how long searching takes."""

from .. import floor, portal
from ..data import LARGE, MIDDLE, SMALL, alone, copied, crowded, kept, member
from ..load import COMPRESSED, Load
from ..portal import ID, Browser
from ..rounds import Contender, figures, in_turn, ratio, ratio_of_requests


def run(run):
    data = copied(kept(run.data, run.binary, crowded(run.scale), run.tell), run.scratch / "pages")
    with portal.serve(run, data) as server:
        floor_server, browser, path = floor.serve(run, data, server)
        with floor_server:
            beside = _beside_the_floor(run, server, floor_server, browser, path)
        lists = _lists(run, server)
        tenants = _among_others(run, server, browser, path)
    return {"clients": run.scale.clients, "floor": beside, "lists": lists, "other_companies": tenants}


def _beside_the_floor(run, server, floor_server, browser, path):
    run.tell("the page of a service with 20 clients, beside the floor")
    contenders = [
        Contender("floor", floor_server, Load.get("/page")),
        Contender("portal", server, browser.load(path)),
        Contender("floor, compressed", floor_server, Load.get("/page", **COMPRESSED)),
        Contender("portal, compressed", server, browser.load(path, **COMPRESSED)),
    ]
    windows = in_turn(contenders, run.scale)
    return {
        "ratio": ratio(windows, "portal", "floor"),
        "ratio_compressed": ratio(windows, "portal, compressed", "floor, compressed"),
        "requests_a_second_for_each_of_the_floor": ratio_of_requests(windows, "portal", "floor"),
        "requests_a_second_for_each_of_the_floor_compressed": ratio_of_requests(windows, "portal, compressed", "floor, compressed"),
        **{name: figures(measured) for name, measured in windows.items()},
    }


def _lists(run, server):
    """The list of a company's clients: its first page, one far back, and searches; and beside it one of its services."""
    told = {}
    for name, seed in (("small", SMALL), ("middle", MIDDLE), ("large", LARGE)):
        count = getattr(run.scale, name)
        run.tell(f"the list of {count} clients")
        browser = Browser(server, member(seed))
        pages = {
            "page of a service": [browser.first("/services", f"/services/{ID}")],
            "first page": ["/clients"],
            "deep page": [portal.deep_page(count)],
            "search": portal.SEARCHES,
        }
        contenders = []
        for page, paths in pages.items():
            for connections in (1, 8):
                load = browser.load(*paths, connections=connections)
                contenders.append(Contender(f"{page}, {connections} at once", server, load))
        told[str(count)] = {page: figures(measured) for page, measured in in_turn(contenders, run.scale).items()}
    return told


def _among_others(run, server, browser, path):
    """The same pages where the company is the only one."""
    run.tell("the same pages where the company is alone")
    data = copied(kept(run.data, run.binary, alone(run.scale), run.tell), run.scratch / "alone")
    with portal.serve(run, data, "alone") as lonely:
        there = Browser(lonely, member(SMALL))
        of_service = there.first("/services", f"/services/{ID}")
        pairs = {"service": (path, of_service), "clients": ("/clients", "/clients"), "start": ("/", "/")}
        contenders = []
        for page, (among, lone) in pairs.items():
            contenders.append(Contender(f"{page}, alone", lonely, there.load(lone)))
            contenders.append(Contender(f"{page}, among others", server, browser.load(among)))
        windows = in_turn(contenders, run.scale)
    companies = 3 + run.scale.others
    return {
        "companies": companies,
        **{page: {"ratio": ratio(windows, f"{page}, among others", f"{page}, alone")} for page in pairs},
    }

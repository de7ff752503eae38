"""results.json as a table, a plot, and the README's section. No figure is written by hand."""

import json
import re
from datetime import datetime, timedelta
from html import escape
from math import log10

from .data import FULL
from .parts.starting import LIVES, STARTS

# When a part had ended, as `run` writes it.
MINUTE = "%Y-%m-%d %H:%M UTC"
MARK = re.compile(r"(<!-- speed: written by benches/run -->\n).*?(<!-- end of speed -->)", re.DOTALL)


def write(results, readme):
    told = json.loads((results / "results.json").read_text())
    parts = {name: part["figures"] for name, part in told["parts"].items()}
    targets = _targets(parts)
    (results / "results.md").write_text(_markdown(told, parts, targets))
    (results / "results.svg").write_text(_plot(parts))
    if readme is not None:
        text = readme.read_text()
        section = _section(told, targets)
        readme.write_text(MARK.sub(lambda found: found[1] + section + found[2], text))


# ------------------------------------------------------------------------------------------------------------- targets


def _at(parts, *path):
    """A figure, or nothing where its part was not measured."""
    for name in path:
        if not isinstance(parts, dict) or name not in parts:
            return None
        parts = parts[name]
    return parts


def _targets(parts):
    """What is claimed, what came, whether it holds: (claim, wanted, came, holds)."""
    rows = []

    def add(claim, found, wanted, holds, unit=""):
        if found is None:
            return
        value = found["median"] if isinstance(found, dict) else found
        rows.append((claim, wanted, _told(found, unit), holds(value)))

    pages, tokens, peers = parts.get("pages"), parts.get("tokens"), parts.get("peers")
    credentials = _at(tokens, "client_credentials")
    add("A page, in processor time of the floor", _at(pages, "floor", "ratio"), "≤ 1.6 ×", lambda x: x <= 1.6, " ×")
    add("The same, compressed", _at(pages, "floor", "ratio_compressed"), "≤ 1.6 ×", lambda x: x <= 1.6, " ×")
    add("A token, in processor time of the floor", _at(credentials, "ratio"), "≤ 1.4 ×", lambda x: x <= 1.4, " ×")
    if credentials:
        count = credentials["clients"]
        add(
            f"A token where {count:,} clients ask in turn, beside one client",
            credentials["ratio_of_many_clients_to_one"],
            "0.9–1.1 ×",
            lambda x: 0.9 <= x <= 1.1,
            " ×",
        )
    add("Tokens for the processor time of one of oidc-provider's", _at(peers, "oidc-provider", "ratio"), "≥ 3.5 ×", lambda x: x >= 3.5, " ×")
    django = _at(peers, "django-oauth-toolkit")
    add("A client's page, in the time of django-oauth-toolkit's of an application", _at(django, "ratio_of_pages"), "≥ 15 ×", lambda x: x >= 15, " ×")
    add("20 clients, in the time of django-oauth-toolkit's list of 20 applications", _at(django, "ratio_of_lists"), "≥ 15 ×", lambda x: x >= 15, " ×")
    lists = _at(pages, "lists") or {}
    count = max(lists, key=int, default=0)
    searches = {
        f"p99 of a search among {int(count):,} clients of a company": lists.get(count),
        "The same on PostgreSQL": _at(parts, "postgres", "one"),
    }
    for claim, measured in searches.items():
        for connections in (1, 8):
            found = _at(measured, f"search, {connections} at once", "p99_milliseconds")
            add(f"{claim}, {connections} at once", found, "< 50 ms", lambda x: x < 50, " ms")
    for page in ("service", "clients", "start"):
        others = _at(pages, "other_companies")
        add(
            f"Page “{page}” among {others['companies'] if others else 0} companies, beside alone",
            _at(others, page, "ratio"),
            "≤ 1.1 ×",
            lambda x: x <= 1.1,
            " ×",
        )
    starting = parts.get("starting")
    add("Ready after the start", _at(starting, "ready_milliseconds"), "< 100 ms", lambda x: x < 100, " ms")
    add("Resident memory, idle", _at(starting, "resident_mib", "idle"), "< 40 MiB", lambda x: x < 40, " MiB")
    add("Resident memory, the most under load", _at(starting, "resident_mib", "most"), "< 100 MiB", lambda x: x < 100, " MiB")
    return rows


def _told(found, unit=""):
    if not isinstance(found, dict):
        return f"{found}{unit}"
    return f"{_number(found['median'])}{unit} ({_number(found['least'])}–{_number(found['most'])})"


def _number(value):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"


# --------------------------------------------------------------------------------------------------------------- table


def _table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)]) + "\n"


def _of_targets(targets):
    rows = [(claim, wanted, came, "yes" if holds else "**no**") for claim, wanted, came, holds in targets]
    return _table(("", "aimed at", "measured: median (least–most)", "reached"), rows)


LOAD = ("cpu_microseconds", "requests_per_second", "p50_milliseconds", "p99_milliseconds")


def _markdown(told, parts, targets):
    text = ["# What came out\n", "Written by `benches/run` from results.json; [README.md](../README.md) says what it means.\n"]
    text.append(_of_targets(targets))
    text.append("![Processor time of a request](results.svg)\n")
    for name, part in told["parts"].items():
        text.append(f"## {name}\n")
        text.append(f"{_machine(part)}\n")
        loads, rest = [], []
        _walk(part["figures"], [], loads, rest)
        if loads:
            head = ("", "µs of processor time for each request", "requests a second", "p50 ms", "p99 ms")
            text.append(_table(head, [(where, *(_told(found[column]) for column in LOAD)) for where, found in loads]))
        if rest:
            text.append(_table(("", ""), rest))
    return "\n".join(text)


def _walk(found, where, loads, rest):
    """Takes figures apart: those of loads, and single ones."""
    if isinstance(found, dict) and "median" not in found:
        if set(LOAD) <= set(found):
            loads.append((": ".join(where), found))
            return
        for name, inner in found.items():
            _walk(inner, [*where, name.replace("_", " ")], loads, rest)
    else:
        rest.append((": ".join(where), _told(found)))


def _machine(part):
    on = part["machine"]
    quick = " A quick run: it proves nothing." if part["quick"] else ""
    others = f" Load average of a core before: {part['load_before']}, what this run itself had just done counted."
    return (
        f"{part['at']}, {part['seconds']} s, commit {on['commit']}, Cargo's profile `{part['profile']}`, on {on['cpu']} "
        f"with {on['cores']} cores and {on['memory_gib']} GiB, {on['system']}, Linux {on['kernel']}; {on['rustc']}, "
        f"{on['wrk']}, Node.js {on['node']}, Python {on['python']}, {on['postgres']}.{quick}{others}"
    )


# -------------------------------------------------------------------------------------------------------------- README


def _section(told, targets):
    parts = list(told["parts"].values())
    ends = [(datetime.strptime(part["at"], MINUTE), part["seconds"]) for part in parts]
    first = min(end - timedelta(seconds=seconds) for end, seconds in ends).strftime(MINUTE)
    last = max(end for end, _ in ends).strftime(MINUTE)
    machines = _each(f"{on['cpu']}, {on['cores']} cores, {on['memory_gib']} GiB" for on in (part["machine"] for part in parts))
    commits = _each(part["machine"]["commit"] for part in parts)
    return (
        f"\nMeasured from {first} to {last} at commit {commits} on {machines}, with the load on the same cores: medians of "
        f"{FULL.rounds} rounds, of {STARTS} starts, and for memory of {LIVES} runs. [All figures](benches/results/results.md).\n\n"
        f"{_of_targets(targets)}\n"
        "![Processor time of a request](benches/results/results.svg)\n\n"
    )


def _each(values):
    """Those that differ: parts may have been measured apart."""
    return " and ".join(dict.fromkeys(values))


# ---------------------------------------------------------------------------------------------------------------- plot

# What the plot shows, by where its figure stands. What is beside each other was measured in turn.
BARS = [
    ("Page of 20 clients", None),
    ("floor", ("pages", "floor", "floor")),
    ("Keywright", ("pages", "floor", "portal")),
    ("Page of 20 clients, list of 20 applications", None),
    ("Keywright", ("peers", "django-oauth-toolkit", "keywright, 20 clients")),
    ("django-oauth-toolkit", ("peers", "django-oauth-toolkit", "django, 20 applications")),
    ("Page of a client, of an application", None),
    ("Keywright", ("peers", "django-oauth-toolkit", "keywright, a client")),
    ("django-oauth-toolkit", ("peers", "django-oauth-toolkit", "django, an application")),
    ("Token, client credentials", None),
    ("floor", ("tokens", "client_credentials", "floor")),
    ("Keywright, 1 client", ("tokens", "client_credentials", "1 client")),
    ("Keywright, very many clients", ("tokens", "client_credentials", "{clients} clients")),
    ("The same beside oidc-provider", None),
    ("Keywright", ("peers", "oidc-provider", "keywright")),
    ("oidc-provider", ("peers", "oidc-provider", "oidc-provider")),
    ("The same beside django-oauth-toolkit", None),
    ("Keywright", ("peers", "django-oauth-toolkit", "keywright, token")),
    ("it, secret kept as it is", ("peers", "django-oauth-toolkit", "django, token, plain secret")),
    ("it, secret kept by a hash", ("peers", "django-oauth-toolkit", "django, token")),
]
WIDTH, LABELS, ROW, TOP = 760, 230, 24, 44


def _plot(parts):
    """Bars on a logarithmic scale, since what is compared lies far apart."""
    clients = _at(parts, "tokens", "client_credentials", "clients") or 0
    rows = []
    for label, path in BARS:
        if path is None:
            rows.append((label, None))
            continue
        found = _at(parts, *(name.format(clients=clients) for name in path), "cpu_microseconds")
        if found:
            rows.append((label, found))
    most = max((found["most"] for _, found in rows if found), default=1)
    least, decades = 10, 1
    while least * 10**decades < most:
        decades += 1
    room = WIDTH - LABELS - 90

    def x(value):
        return LABELS + room * max(0.0, log10(value / least)) / decades

    height = TOP + ROW * len(rows) + 30
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" font-size="13" role="img">',
        "<title>Processor time of a request in microseconds</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        '<text x="12" y="24" font-size="15" font-weight="600" fill="#1a1a1a">Processor time of a request, µs (logarithmic; shorter is better)</text>',
        f'<text x="{WIDTH - 12}" y="24" text-anchor="end" fill="#595959">line: least to most</text>',
    ]
    for decade in range(decades + 1):
        at, value = x(least * 10**decade), least * 10**decade
        out.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP - 6}" y2="{height - 24}" stroke="#d8d8d8"/>')
        out.append(f'<text x="{at:.1f}" y="{height - 8}" text-anchor="middle" fill="#595959">{value:,}</text>')
    for number, (label, found) in enumerate(rows):
        y = TOP + ROW * number
        if found is None:
            out.append(f'<text x="12" y="{y + 16}" font-weight="600" fill="#1a1a1a">{escape(label)}</text>')
            continue
        colour = "#1f5fbf" if label.startswith("Keywright") else "#9aa3ad"
        end = x(found["median"])
        out.append(f'<text x="{LABELS - 10}" y="{y + 16}" text-anchor="end" fill="#1a1a1a">{escape(label)}</text>')
        out.append(f'<rect x="{LABELS}" y="{y + 3}" width="{end - LABELS:.1f}" height="{ROW - 8}" fill="{colour}"/>')
        # From the least to the most.
        out.append(
            f'<line x1="{x(found["least"]):.1f}" x2="{x(found["most"]):.1f}" y1="{y + 11}" y2="{y + 11}" stroke="#1a1a1a" stroke-width="1.5"/>'
        )
        out.append(f'<text x="{x(found["most"]) + 8:.1f}" y="{y + 16}" fill="#1a1a1a">{_number(round(found["median"]))}</text>')
    return "\n".join([*out, "</svg>\n"])

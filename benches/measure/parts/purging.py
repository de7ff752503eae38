"""What others feel while very many clients are purged: the token endpoint's p99 before and during."""

import time
from statistics import median

from .. import portal
from ..data import copied, due, kept
from ..load import measure
from ..portal import token_load
from ..rounds import spread

# Seconds after which a purge that is still under way has shown enough.
PATIENCE = 300


def run(run):
    return on(run, copied(kept(run.data, run.binary, due(run.scale), run.tell), run.scratch / "purging"))


def on(run, data):
    """The same on whatever database it is."""
    asking = data.machine_clients(1_000)
    working = ", ".join(f"'{client}'" for client, _ in asking)
    load = token_load(asking)
    run.tell("nothing to purge")
    with portal.serve(run, data) as server:
        portal.token(server, *asking[0])
        measure(server, load, run.scale.warm_up)
        quiet = [measure(server, load, run.scale.window) for _ in range(run.scale.rounds)]
    data.change(
        "UPDATE clients SET status_before_deletion = 'active', status = 'deleted', deleted_at = 1, purge_at = 2 "
        f"WHERE uid IN (SELECT uid FROM clients WHERE client_id NOT IN ({working}) LIMIT {run.scale.purged});"
    )
    count = "SELECT count(*) FROM clients WHERE purge_at = 2"
    [(waiting,)] = data.rows(count)
    run.tell(f"purging {waiting} clients")
    # A server purges as soon as it has started.
    with portal.serve(run, data) as server:
        during, left, begun = [], int(waiting), time.monotonic()
        while left > 0 and time.monotonic() - begun < PATIENCE:
            during.append(measure(server, load, run.scale.window))
            left = int(data.rows(count)[0][0])
        lasted = time.monotonic() - begun
    return {
        "due": int(waiting),
        # Of a purge that would have gone on for longer than anybody wants to wait.
        "left": left,
        "seconds": round(lasted, 1),
        "quiet_p99_milliseconds": spread([window.p99 for window in quiet]),
        "purging_p99_milliseconds": spread([window.p99 for window in during]),
        "ratio_of_p99": round(median(w.p99 for w in during) / median(w.p99 for w in quiet), 2),
        "requests_per_second": {
            "quiet": spread([window.per_second for window in quiet], 0),
            "purging": spread([window.per_second for window in during], 0),
        },
    }

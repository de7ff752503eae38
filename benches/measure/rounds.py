"""Rounds: everything that is compared is measured in turn, again and again, so that whatever else the machine does hits
all alike. Told are medians, and the least and the most of all rounds."""

from dataclasses import dataclass
from statistics import median

from .load import Load, measure
from .server import Server


@dataclass
class Contender:
    name: str
    server: Server
    load: Load
    # So many times longer than others: where a request takes very long.
    patience: int = 1


def in_turn(contenders, scale):
    """Windows of each contender by name, one of each round."""
    for contender in contenders:
        measure(contender.server, contender.load, scale.warm_up * contender.patience)
    windows = {contender.name: [] for contender in contenders}
    for _ in range(scale.rounds):
        for contender in contenders:
            windows[contender.name].append(measure(contender.server, contender.load, scale.window * contender.patience))
    return windows


def spread(values, digits=2):
    return {
        "median": round(median(values), digits),
        "least": round(min(values), digits),
        "most": round(max(values), digits),
    }


def figures(windows):
    """What is told of one contender."""
    return {
        "cpu_microseconds": spread([window.cpu for window in windows], 1),
        "requests_per_second": spread([window.per_second for window in windows], 0),
        "p50_milliseconds": spread([window.p50 for window in windows]),
        "p99_milliseconds": spread([window.p99 for window in windows]),
        "bytes": spread([window.bytes for window in windows], 0),
    }


def ratio(windows, above, below):
    """How much more processor time a request takes `above` than `below`, round by round."""
    return spread([one.cpu / other.cpu for one, other in zip(windows[above], windows[below])])


def ratio_of_requests(windows, one, of):
    """How many requests a second `one` answers for each of `of`, round by round."""
    return spread([ours.per_second / theirs.per_second for ours, theirs in zip(windows[one], windows[of])])

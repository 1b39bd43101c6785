"""The results of all runs as one table, and the bars that were missed."""

import collections

from .judging import Verdict

# 52, as packets 20 ms apart come late now and then.
PACKETS, PACKETS_A_SECOND, LARGEST, SECONDS = 60, 52, 1200, 10

# Where a probe may fail to find out all, if it says so.
LOSSY = "10 % loss"

HEAD = ("peer", "path", "tool", "right", "incompl.", "wrong", "packets", "largest", "seconds", "")


def grouped(results):
    groups = collections.defaultdict(list)
    for result in results:
        groups[result.peer, result.condition, result.tool].append(result)
    return groups


def notes(results):
    """What was wrong, the most frequent first."""
    count = collections.Counter(result.note for result in results if result.note)
    return "; ".join(
        text if len(results) == 1 or len(count) == 1 else f"{number}×: {text}"
        for text, number in count.most_common(1))


def row(key, results):
    counts = [
        "" if results[0].verdict is None
        else str(sum(result.verdict == verdict for result in results))
        for verdict in Verdict]
    packets = [result.sent.packets + result.sent.fragments for result in results]
    return (*key, *counts, str(max(packets)), str(max(result.sent.largest for result in results)),
            f"{max(result.seconds for result in results):.1f}", notes(results)[:100])


def table(results):
    """A line for each peer, condition and tool; of packets, bytes and seconds the most of a run."""
    rows = [HEAD, *(row(key, group) for key, group in grouped(results).items())]
    widths = [max(len(line[column]) for line in rows) for column in range(len(HEAD))]
    lines = []
    for line in rows:
        cells = [text.rjust(width) if 3 <= column < len(HEAD) - 1 else text.ljust(width)
                 for column, (text, width) in enumerate(zip(line, widths))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def faults(result):
    """Which bars one run of ipsecdiag misses."""
    if result.verdict == Verdict.WRONG:
        yield result.note
    if result.verdict == Verdict.INCOMPLETE and result.condition != LOSSY and not result.vast:
        yield "incomplete"
    if result.verdict == Verdict.INCOMPLETE and result.exit == 0:
        yield "incomplete, and exits with 0"
    sent = result.sent
    if sent.packets > PACKETS:
        yield f"{sent.packets} packets"
    if sent.most > PACKETS_A_SECOND:
        yield f"{sent.most} packets within a second"
    if sent.largest > LARGEST or sent.fragments:
        yield f"a request of {sent.largest} bytes"
    if result.seconds > SECONDS:
        yield f"{result.seconds:.1f} s"


def missed(results):
    """The bars that ipsecdiag's runs miss, each with where."""
    return [f"{result.peer}, {result.condition}: {fault}" for result in results
            if result.tool == "ipsecdiag" for fault in faults(result)]

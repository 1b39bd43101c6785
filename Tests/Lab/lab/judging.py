"""What a probe says of a peer, and whether it is so."""

import json
from enum import Enum
from typing import NamedTuple, Optional

from .suites import AXES, Suite, axes, word


class Verdict(Enum):
    """`INCOMPLETE` is a probe that says it could not find out all, and is right in the rest."""

    RIGHT = "right"
    INCOMPLETE = "incomplete"
    WRONG = "wrong"


class Answer(NamedTuple):
    """What a probe found. `suites` is None where it does not tell suites, `axes` where it has none.
    Of many suites it lists some; `total` says how many there are.

    `unknown` names the axes that it says are incomplete, `complete` is what it says of the whole,
    and `said` all of its words.
    """

    axes: Optional[dict]
    suites: Optional[set]
    complete: bool = True
    unknown: frozenset = frozenset()
    total: int = 0
    said: dict = {}


def enumerations(document):
    """Every `enumeration` in a document of ipsecdiag.probe/1."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name == "enumeration" and isinstance(value, dict):
                yield value
            else:
                yield from enumerations(value)
    elif isinstance(document, list):
        for value in document:
            yield from enumerations(value)


def value(axis, entry):
    if axis == "encryption":
        return entry["id"], entry.get("key_bits")
    return entry["id"]


def ours(text):
    """The answer of `ipsecdiag probe --enumerate --json` for one address."""
    found, = enumerations(json.loads(text))
    suites = {
        Suite(*(None if suite.get(axis) is None else value(axis, suite[axis]) for axis in AXES))
        for suite in found["suites"]}
    return Answer(
        {axis: {value(axis, entry) for entry in found["axes"][axis]} for axis in AXES}, suites,
        found["complete"], frozenset(found["incomplete_axes"]), found["suites_total"],
        {name: value for name, value in found.items() if name != "suites"})


def named(axis, values):
    return ",".join(sorted(word(axis, value) for value in values))


def some(suites):
    """The first few suites, and how many more there are."""
    words = sorted(map(str, suites))
    return " ".join(words[:3]) + (f" and {len(words) - 3} more" if len(words) > 3 else "")


def differences(expected, answer):
    """What is wrong with an answer, in words; what it calls incomplete may lack something."""
    if answer.axes is None:
        return [answer.said.get("unread", "nothing")]
    wrong, true = [], axes(expected)
    for axis in AXES:
        missing, more = true[axis] - answer.axes[axis], answer.axes[axis] - true[axis]
        if missing and axis not in answer.unknown:
            wrong.append(f"without {named(axis, missing)}")
        if more:
            wrong.append(f"with {named(axis, more)}")
    if answer.suites is not None:
        missing, more = expected - answer.suites, answer.suites - expected
        listed_all = answer.total <= len(answer.suites)
        if answer.complete and missing and listed_all:
            wrong.append(f"without {some(missing)}")
        if answer.complete and answer.total != len(expected):
            wrong.append(f"{answer.total} suites of {len(expected)}")
        if more:
            wrong.append(f"with {some(more)}")
    return wrong


def judge(expected, answer):
    """The verdict, and what is wrong in words."""
    if wrong := differences(expected, answer):
        return Verdict.WRONG, "; ".join(wrong)
    return (Verdict.RIGHT if answer.complete else Verdict.INCOMPLETE), ""

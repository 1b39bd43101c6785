"""One run of our engine with a daemon, from the first message to the Delete."""

import contextlib
import time
from typing import NamedTuple

from . import charon
from .associations import Standing, complaints, of_charon, of_pluto
from .charon import Charon, tunnel
from .credentials import Credentials, other
from .engine import Engine
from .network import ADDRESS
from .pluto import Pluto, connection
from .sent import senders_of_ike_fragments

# Seconds after which SAs are rekeyed and deleted, and within which all else is to happen.
REKEY, DELETE, PATIENCE = 2, 3, 30

NOTHING = Standing(frozenset(), frozenset())


class Outcome(NamedTuple):
    """Whether each thing came about; None where the case has no such thing."""

    ike: bool = False
    child: bool = None
    fragments: bool = None
    rekeyed: bool = None
    deleted: bool = False
    complaints: tuple = ()
    remark: str = ""

    @property
    def good(self):
        things = self.ike, self.child, self.fragments, self.rekeyed, self.deleted
        return all(thing is not False for thing in things) and not self.complaints


def start_charon(case, lab, side, credentials, suites):
    local, remote, secrets, certificates = credentials.of_charon(side)
    times = {"rekey_time": 0, "over_time": 60, "rand_time": 0}
    ike, child = dict(times), {"rekey_time": 0, "life_time": 60, "rand_time": 0}
    if case.rekeyed_by == "them":
        (ike if case.rekeys == "ike" else child)["rekey_time"] = REKEY
    ike["proposals"], child["esp_proposals"] = suites
    if case.fragments:
        ike["fragmentation"] = "force"
    if case.nat:
        ike["remote_addrs" if side == "b" else "local_addrs"] = "%any"
    return Charon(
        lab.b if side == "b" else lab.a, tunnel(side, ike, child, local, remote, secrets),
        settings=f"fragment_size = {case.fragments}" if case.fragments else "",
        certificates=certificates)


# libreswan rekeys so long before the end of a lifetime where it is the initiator, and a quarter of
# that where it is the responder.
MARGIN = 4

# strongSwan's words and libreswan's for the suites of the cases.
ALGORITHMS = {
    "aes256gcm16-prfsha384-ecp256": "aes_gcm256-sha2_384;dh19",
    "aes256-sha256-modp2048": "aes256-sha2_256;dh14",
    "aes256-sha512-ecp384": "aes256-sha2_512;dh20",
    "aes128gcm16-prfsha256-x25519": "aes_gcm128-sha2_256;dh31",
    "aes128gcm16": "aes_gcm128-null", "aes128gcm16-x25519": "aes_gcm128-null;dh31",
    "aes256gcm16": "aes_gcm256-null",
    "aes256-sha256": "aes256-sha2_256",
}


def start_pluto(case, lab, side, credentials, suites):
    lines = credentials.of_pluto(side)
    if case.nat:
        lines |= {"right": "%any"} if side == "b" else {"left": ADDRESS["behind"]}
    if case.fragments:
        lines["fragmentation"] = "force"
    if case.rekeyed_by == "them":
        lifetime = "ikelifetime" if case.rekeys == "ike" else "salifetime"
        lines |= {lifetime: f"{REKEY + MARGIN}s", "rekeymargin": f"{MARGIN}s", "rekeyfuzz": "0%"}
    return Pluto(
        lab.b if side == "b" else lab.a,
        connection(side, ike=ALGORITHMS[suites[0]], esp=ALGORITHMS[suites[1]], **lines),
        secrets=f': PSK "{(credentials.folder / "secret").read_text()}"\n',
        prepare=lambda nss: credentials.import_into(nss, side))


class Meeting:
    """A lab in which our engine and the daemon of a case meet once."""

    def __init__(self, case, lab, command, suites):
        self.case, self.lab, self.command, self.suites = case, lab, command, suites
        self.side = "a" if case.role == "initiate" else "b"
        self.credentials = Credentials(lab, case.method)
        self.strongswan = case.daemon == charon.VERSION

    def engine(self):
        case, more = self.case, []
        if case.fragments:
            more += ["--fragment-size", str(case.fragments)]
        if case.rekeyed_by == "us":
            more += [f"--rekey-{case.rekeys}-after", str(REKEY)]
        if case.deleted_by == "us":
            more += ["--delete-after", str(self.delete_after)]
        local, remote = ADDRESS[self.side], ADDRESS[other(self.side)]
        if case.nat:
            # A responder learns the address in front of the NAT from the packets.
            local = ADDRESS["behind"] if self.side == "a" else local
        return Engine(self.lab.a if self.side == "a" else self.lab.b, self.command, case.role,
                      self.side, local, remote, self.credentials, *self.suites, more)

    @property
    def delete_after(self):
        slowly = REKEY + MARGIN if self.case.kernel else 0
        return DELETE + slowly + (REKEY if self.case.rekeys else 0)

    def daemon(self):
        start = start_charon if self.strongswan else start_pluto
        return start(self.case, self.lab, other(self.side), self.credentials, self.suites)

    def run(self):
        capture = self.lab.capture(self.lab.a)
        if self.case.role == "initiate":
            daemon = self.daemon()
            engine = self.engine()
        else:
            engine = self.engine()
            engine.wait_until_bound()
            daemon = self.daemon()
            if self.strongswan:
                daemon.initiate(wait=False)
            else:
                daemon.initiate()
        whole = self.strongswan or self.case.kernel
        outcome = (self.whole if whole else self.without_child)(daemon, engine)
        if self.case.fragments:
            capture.stop()
            outcome = outcome._replace(fragments=len(senders_of_ike_fragments(capture.path)) == 2)
        if not outcome.good:
            said = [*map(str, engine.events), *engine.said]
            return outcome._replace(remark=" | ".join(line.strip() for line in said[-6:]))
        return outcome

    def whole(self, daemon, engine):
        case = self.case
        ike = engine.wait_for("established", PATIENCE)
        child = ike and engine.wait_for("child", PATIENCE)
        first = self.standing(daemon)
        ike, child = ike and len(first.ike) == 1, child and len(first.child) == 1
        rekeyed = None
        if case.rekeys:
            rekeyed = engine.wait_for(f"rekeyed-{case.rekeys}", REKEY + PATIENCE)
            now = self.standing(daemon, other_than=first)
            changed = now.ike != first.ike if case.rekeys == "ike" else now.child != first.child
            rekeyed = rekeyed and changed and len(now.ike) == len(now.child) == 1
        if case.deleted_by == "them":
            daemon.terminate()
        deleted = engine.wait_for("deleted", self.delete_after + PATIENCE) and engine.end()
        last = self.standing(daemon, other_than=first)
        return Outcome(
            ike=ike, child=child, rekeyed=rekeyed, deleted=deleted and last == NOTHING,
            complaints=tuple(complaints(daemon.log())) if self.strongswan else ())

    def standing(self, daemon, other_than=NOTHING):
        """What stands once that has changed; the daemon may be a moment behind our engine."""
        until = time.monotonic() + 2
        while True:
            standing = (of_charon if self.strongswan else of_pluto)(daemon)
            if (standing.settled and standing != other_than) or time.monotonic() > until:
                return standing
            time.sleep(0.1)

    def without_child(self, daemon, engine):
        """Only the IKE SA counts, as Child SAs need ESP in the kernel.

        For want of it, pluto as the initiator drops the IKE SA at once and says nothing.
        """
        ike = engine.wait_for("established", PATIENCE)
        with contextlib.suppress(RuntimeError):
            daemon.await_log("authenticated", 2)
        ike = ike and "authenticated" in daemon.log()
        if self.case.role == "respond":
            return Outcome(ike=ike, deleted=None)
        deleted = engine.wait_for("deleted", self.delete_after + PATIENCE) and engine.end()
        return Outcome(ike=ike, deleted=deleted)

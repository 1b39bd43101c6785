"""libreswan's liveness checks. Its Child SAs need ESP in the kernel: see record-in-kernel."""

import time

from lab import INNER, Charon, Pluto, connection, pluto, recording, tunnel
from lab.session import await_line, second

ORIGIN = f"{pluto.VERSION} (with ESP of Linux 6.1 in User Mode Linux)"
DPD = {"dpddelay": "3", "dpdtimeout": "5", "dpdaction": "clear"}


def standing(lab, **settings):
    """libreswan at A, strongSwan at B, and five echoes; A is captured from the first message on."""
    at_a = lab.capture(lab.a, expression="ip and host 10.2.0.2")
    Charon(lab.b, tunnel("b"))
    a = Pluto(lab.a, connection("a", **DPD, **settings))
    await_line(a, "loading secrets", 30)
    a.initiate()
    await_line(a, "established Child SA", 30)
    answered = lab.a.ping(INNER["b"][1], count=5, interval=1, source=INNER["a"][1])
    if answered != 5:
        raise RuntimeError(f"{answered} echoes of five were answered")
    return a, at_a


def dies(lab, index, slug, words, limit, finding, **settings):
    a, at_a = standing(lab, **settings)
    time.sleep(4)
    # A router no longer: what is not for it, it drops without a word.
    lab.r.run("sysctl", "-qw", "net.ipv4.ip_forward=0")
    silent = second(at_a, time.time())
    gone = second(at_a, await_line(a, "liveness", limit))
    time.sleep(2)
    index.keep(
        at_a, slug, "S15",
        f"A (libreswan, dpddelay 3 s, dpdtimeout 5 s, which IKEv2 ignores{words}) sends five echoes"
        f" to B (strongSwan) and checks liveness; B falls silent at {silent:.1f} s, and A gives up"
        f" at {gone:.1f} s and tries IKE_SA_INIT anew; captured at A from the first message on",
        finding=finding, origin=ORIGIN)


@recording()
def libreswan_dpd_answered(lab, index):
    _, at_a = standing(lab)
    time.sleep(13)
    index.keep(
        at_a, "libreswan-dpd-answered", "S15",
        "A (libreswan, dpddelay 3 s) sends five echoes to B (strongSwan), then its liveness checks"
        " every 3 s are answered; captured at A from the first message on", origin=ORIGIN)


@recording()
def libreswan_dpd_default_schedule(lab, index):
    dies(lab, index, "libreswan-dpd-default-schedule", "", 120, "dpd-detection-time")


@recording()
def libreswan_dpd_short_schedule(lab, index):
    dies(lab, index, "libreswan-dpd-short-schedule", "; retransmit-timeout 8 s", 60, "dpd-peer-dead",
         **{"retransmit-timeout": "8s"})

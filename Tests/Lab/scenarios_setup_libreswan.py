"""libreswan as initiator of tunnels that stand: its Child SAs need ESP in the kernel."""

import time

from lab import Charon, Pluto, charon, connection, pluto, recording, tunnel

ORIGIN = f"{pluto.VERSION} and {charon.VERSION}"


def established(lab, silent_for=0):
    """A tunnel from A (libreswan) to B (strongSwan) with four echoes; the capture at A."""
    Charon(lab.b, tunnel("b"), plugins=charon.PLUGINS_FOR_KERNEL)
    a = Pluto(lab.a, connection("a"))
    # The kernel hands decrypted packets in by the same interface.
    at_a = lab.capture(lab.a, expression="ip host 10.2.0.2")
    if silent_for:
        # User Mode Linux has no nftables.
        lab.r.ip("route add blackhole 10.2.0.2/32")
    a.initiate()
    time.sleep(silent_for)
    if silent_for:
        lab.r.ip("route del blackhole 10.2.0.2/32")
    a.await_log("established Child SA", 10)
    assert lab.a.ping("10.99.0.1", source="10.98.0.1") == 4
    lab.settle()
    return at_a


@recording(kernel=True)
def tunnel_healthy_libreswan(lab, index):
    index.keep(
        established(lab), "tunnel-healthy-libreswan", "S01",
        "A (libreswan) sets up an IKEv2 tunnel with a pre-shared secret to B (strongSwan) and sends"
        " four echoes through it; captured at A",
        origin=ORIGIN)


@recording(kernel=True)
def silent_briefly_libreswan(lab, index):
    index.keep(
        established(lab, silent_for=0.7), "silent-briefly-libreswan", "S01",
        "R swallows the IKE_SA_INIT requests of A (libreswan) for 0.7 s; the next one is"
        " answered, and the tunnel carries four echoes; captured at A",
        origin=ORIGIN)

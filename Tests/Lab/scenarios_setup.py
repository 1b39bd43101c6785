"""Faults while a tunnel is set up."""

from lab import Charon, recording, tunnel
from lab.charon import VERSION as STRONGSWAN


@recording()
def tunnel_healthy(lab, index):
    at_a, at_b = lab.capture(lab.a), lab.capture(lab.b)
    Charon(lab.b, tunnel("b"))
    a = Charon(lab.a, tunnel("a"))
    assert a.initiate()
    assert lab.a.ping("10.99.0.1", source="10.98.0.1") == 4
    lab.settle()
    content = "A IKEv2 tunnel with a pre-shared secret stands and carries four echoes; captured at "
    index.keep(at_a, "tunnel-healthy-at-a", "", content + "A", origin=STRONGSWAN, keys=a.keys())
    index.keep(at_b, "tunnel-healthy-at-b", "", content + "B", origin=STRONGSWAN, keys=a.keys())

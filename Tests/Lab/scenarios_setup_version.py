"""Peers that speak the other major version of IKE only."""

from lab import Charon, Pluto, charon, connection, pluto, programs, recording, tunnel


def refused(lab, version):
    """One attempt of A that B refuses; the capture at A."""
    a = Charon(lab.a, tunnel("a", {"version": version}))
    at_a = lab.capture(lab.a)
    assert not a.initiate(timeout=9)
    lab.settle()
    return at_a


@recording()
def version_2_to_1(lab, index):
    Charon(lab.b, tunnel("b", {"version": "1"}), program=programs.charon_without_ikev2(),
           plugins="random nonce openssl hmac kdf kernel-netlink socket-default vici")
    index.keep(
        refused(lab, "2"), "version-2-to-1", "S06",
        "A speaks IKEv2 to B, a charon built for IKEv1 only, which answers IKE_SA_INIT with an"
        " IKEv1 informational message, INVALID-MAJOR-VERSION; captured at A",
        finding="ike-version", origin=charon.VERSION)


@recording()
def version_2_to_1_libreswan(lab, index):
    b = Pluto(lab.b, connection("b", ikev2="no"), setup="ikev1-policy=accept")
    at_a = refused(lab, "2")
    b.await_log("no suitable connection found with IKEv2 policy", 2)
    index.keep(
        at_a, "version-2-to-1-libreswan", "S06",
        "A speaks IKEv2 to B (libreswan), which has a connection for IKEv1 only and says no more"
        " than NO_PROPOSAL_CHOSEN, in IKEv2; captured at A",
        finding="ike-proposal-mismatch", origin=f"{charon.VERSION} and {pluto.VERSION}")


@recording()
def version_1_to_2(lab, index):
    Pluto(lab.b, connection("b"), setup="ikev1-policy=reject")
    index.keep(
        refused(lab, "1"), "version-1-to-2", "S06",
        "A speaks IKEv1 main mode to B (libreswan, ikev1-policy=reject), which answers with an"
        " IKEv1 informational message, INVALID-MAJOR-VERSION; captured at A",
        finding="ike-version", origin=f"{charon.VERSION} and {pluto.VERSION}")


@recording()
def version_1_to_2_strongswan(lab, index):
    Charon(lab.b, tunnel("b"))
    index.keep(
        refused(lab, "1"), "version-1-to-2-strongswan", "S06",
        "A speaks IKEv1 main mode to B (strongSwan), which has a connection for IKEv2 only and says"
        " no more than NO-PROPOSAL-CHOSEN, in IKEv1; captured at A",
        finding="ike-proposal-mismatch", origin=charon.VERSION)

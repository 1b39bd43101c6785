"""Peers that agree on a suite and then refuse each other, or the Child SA."""

import shutil

from lab import (
    Charon, Pluto, authority, certificate, charon, connection, pluto, recording, tunnel)

OTHER_SECRET = {"ike-peer": {"secret": '"another-example-secret"'}}


def refused(lab, a, b, certificates=({}, {})):
    """One attempt that fails; the captures at A and at B, and A's daemon."""
    Charon(lab.b, b, certificates=certificates[1])
    daemon = Charon(lab.a, a, certificates=certificates[0])
    at_a, at_b = lab.capture(lab.a), lab.capture(lab.b)
    assert not daemon.initiate(timeout=15)
    lab.settle()
    return at_a, at_b, daemon


def stands(lab, a, b, certificates=({}, {}), target="10.99.0.1"):
    """A tunnel that carries four echoes; the capture at A, and A's daemon."""
    Charon(lab.b, b, certificates=certificates[1])
    daemon = Charon(lab.a, a, certificates=certificates[0])
    at_a = lab.capture(lab.a)
    assert daemon.initiate(), daemon.log()
    assert lab.a.ping(target, source="10.98.0.1") == 4
    lab.settle()
    return at_a, daemon


@recording()
def auth_failed_secret(lab, index):
    at_a, at_b, a = refused(lab, tunnel("a", secrets=OTHER_SECRET), tunnel("b"))
    index.keep_both(
        at_a, at_b, "auth-failed-secret", "S10",
        "A has another pre-shared secret than B, which answers IKE_AUTH with AUTHENTICATION_FAILED"
        " alone",
        finding="ike-auth-failed", origin=charon.VERSION, keys=a.keys())


@recording()
def auth_failed_identity(lab, index):
    at_a, _, a = refused(
        lab, tunnel("a", local={"id": "a.example"}), tunnel("b", remote={"id": "c.example"}))
    index.keep(
        at_a, "auth-failed-identity", "S10",
        "A calls itself a.example, B expects c.example and answers IKE_AUTH with"
        " AUTHENTICATION_FAILED alone; captured at A",
        finding="ike-auth-failed", origin=charon.VERSION, keys=a.keys())


@recording()
def auth_failed_libreswan(lab, index):
    b = Pluto(lab.b, connection("b"))
    a = Charon(lab.a, tunnel("a", secrets=OTHER_SECRET))
    at_a = lab.capture(lab.a)
    assert not a.initiate(timeout=15)
    lab.settle()
    b.await_log("AUTHENTICATION_FAILED", 2)
    index.keep(
        at_a, "auth-failed-libreswan", "S10",
        "A (strongSwan) has another pre-shared secret than B (libreswan), which answers IKE_AUTH"
        " with AUTHENTICATION_FAILED alone; captured at A",
        finding="ike-auth-failed", origin=f"{charon.VERSION} and {pluto.VERSION}", keys=a.keys())


def pair_of_authorities(lab, known_to_a="ab", known_to_b="ab"):
    """A's and B's certificate files, each of its own authority; who knows which is a choice."""
    folders = {side: lab.folder / f"ca-of-{side}" for side in "ab"}
    for side, folder in folders.items():
        folder.mkdir()
        authority(folder, "prime256v1", f"Example CA of {side.upper()}")
        shutil.copy(folder / "ca.pem", folder / f"ca-{side}.pem")
        certificate(folder, side, "prime256v1")
    return [
        {"x509": [folders[side] / f"{side}.pem"], "private": [folders[side] / f"{side}.key"],
         "x509ca": [folders[other] / f"ca-{other}.pem" for other in known]}
        for side, known in (("a", known_to_a), ("b", known_to_b))]


def by_certificate(side):
    other = "b" if side == "a" else "a"
    return tunnel(
        side, local={"auth": "pubkey", "certs": f"{side}.pem", "id": f"{side}.example"},
        remote={"auth": "pubkey", "id": f"{other}.example"})


@recording()
def auth_failed_by_initiator(lab, index):
    at_a, at_b, a = refused(
        lab, by_certificate("a"), by_certificate("b"), pair_of_authorities(lab, known_to_a="a"))
    index.keep_both(
        at_a, at_b, "auth-failed-by-initiator", "S10",
        "A does not know the authority of B's ECDSA certificate: B answers IKE_AUTH as if all were"
        " well, and A then refuses it with an INFORMATIONAL request that carries"
        " AUTHENTICATION_FAILED",
        finding="ike-auth-failed", origin=charon.VERSION, keys=a.keys())


@recording()
def auth_failed_certificate(lab, index):
    at_a, _, a = refused(
        lab, by_certificate("a"), by_certificate("b"), pair_of_authorities(lab, known_to_b="b"))
    index.keep(
        at_a, "auth-failed-certificate", "S10",
        "A's ECDSA certificate is of an authority that B does not know; B answers IKE_AUTH with"
        " AUTHENTICATION_FAILED alone; captured at A",
        finding="ike-auth-failed", origin=charon.VERSION, keys=a.keys())


@recording()
def auth_certificate(lab, index):
    at_a, a = stands(lab, by_certificate("a"), by_certificate("b"), pair_of_authorities(lab))
    index.keep(
        at_a, "auth-certificate", "S10",
        "A and B have ECDSA certificates of two authorities that both know; the tunnel carries four"
        " echoes; captured at A",
        origin=charon.VERSION, keys=a.keys())


@recording()
def ts_mismatch(lab, index):
    at_a, at_b, a = refused(lab, tunnel("a", child={"local_ts": "10.97.0.0/24"}), tunnel("b"))
    index.keep_both(
        at_a, at_b, "ts-mismatch", "S11",
        "A proposes 10.97.0.0/24 to 10.99.0.0/24, B expects 10.98.0.0/24 to 10.99.0.0/24: the IKE"
        " SA stands, the Child SA is refused with TS_UNACCEPTABLE",
        finding="child-ts-mismatch", origin=charon.VERSION, keys=a.keys())


@recording()
def ts_refused_by_kernel(lab, index):
    b = Pluto(lab.b, connection("b"))
    a = Charon(lab.a, tunnel("a"))
    at_a = lab.capture(lab.a)
    assert not a.initiate(timeout=15)
    lab.settle()
    b.await_log("setup_half_ipsec_sa() hit fail", 2)
    index.keep(
        at_a, "ts-refused-by-kernel", "S11",
        "The selectors agree, but B's kernel takes no ESP SA (errno 38), and B (libreswan) says"
        " TS_UNACCEPTABLE all the same; captured at A",
        finding="child-ts-mismatch", origin=f"{charon.VERSION} and {pluto.VERSION}", keys=a.keys())


@recording()
def ts_narrowed(lab, index):
    wide = {"local_ts": "10.98.0.0/16", "remote_ts": "10.99.0.0/16"}
    at_a, a = stands(lab, tunnel("a", child=wide), tunnel("b"))
    index.keep(
        at_a, "ts-narrowed", "S11",
        "A proposes 10.98.0.0/16 to 10.99.0.0/16, B narrows to 10.98.0.0/24 and 10.99.0.0/24; the"
        " tunnel carries four echoes; captured at A",
        origin=charon.VERSION, keys=a.keys())


@recording()
def child_proposal_mismatch(lab, index):
    at_a, at_b, a = refused(
        lab, tunnel("a", child={"esp_proposals": "aes256-sha256"}),
        tunnel("b", child={"esp_proposals": "aes128gcm16"}))
    index.keep_both(
        at_a, at_b, "child-proposal-mismatch", "S11",
        "A proposes AES-256-CBC with HMAC-SHA2-256-128 for ESP, B takes AES-128-GCM-16 only: the"
        " IKE SA stands, the Child SA is refused with NO_PROPOSAL_CHOSEN",
        finding="child-proposal-mismatch", origin=charon.VERSION, keys=a.keys())


@recording()
def ikev1_child_proposal_mismatch(lab, index):
    at_a, _, a = refused(
        lab, tunnel("a", {"version": "1"}, {"esp_proposals": "aes256-sha256"}),
        tunnel("b", {"version": "1"}, {"esp_proposals": "aes128gcm16"}))
    index.keep(
        at_a, "ikev1-child-proposal-mismatch", "S11",
        "IKEv1: A proposes AES-256-CBC with HMAC-SHA2-256-128 for ESP, B takes AES-128-GCM-16 only:"
        " main mode completes, quick mode is refused with an encrypted NO-PROPOSAL-CHOSEN; captured"
        " at A",
        finding="child-proposal-mismatch", origin=charon.VERSION, keys=a.keys())


@recording()
def ikev1_wrong_secret(lab, index):
    at_a, _, a = refused(
        lab, tunnel("a", {"version": "1"}, secrets=OTHER_SECRET), tunnel("b", {"version": "1"}))
    index.keep(
        at_a, "ikev1-wrong-secret", "S10",
        "IKEv1 main mode: A has another pre-shared secret than B, which cannot decrypt the fifth"
        " message; captured at A",
        finding="ike-auth-failed", origin=charon.VERSION, keys=a.keys())

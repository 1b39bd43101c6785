"""Suites that do not agree, or only at the second try; old versions of the protocol."""

from lab import (
    Charon, Pluto, authority, certificate, charon, connection, pluto, recording, tunnel)


def attempt(lab, a, b, stands, settings="", certificates=({}, {})):
    """One attempt from A to B with these connections; four echoes where it is to stand."""
    Charon(lab.b, b, settings=settings, certificates=certificates[1])
    daemon = Charon(lab.a, a, settings=settings, certificates=certificates[0])
    if daemon.initiate(timeout=15) != stands:
        raise RuntimeError(daemon.log()[-3000:])
    if stands:
        assert lab.a.ping("10.99.0.1", source="10.98.0.1") == 4
    lab.settle()
    return daemon


MODP = {"proposals": "aes256-sha256-modp2048"}
ECP = {"proposals": "aes256-sha256-ecp384"}


@recording()
def proposal_mismatch(lab, index):
    at_a, at_b = lab.capture(lab.a), lab.capture(lab.b)
    attempt(lab, tunnel("a", MODP), tunnel("b", ECP), False)
    index.keep_both(
        at_a, at_b, "proposal-mismatch", "S03",
        "A offers AES-256, SHA2-256 and MODP-2048; B takes ECP-384 only and answers IKE_SA_INIT"
        " with NO_PROPOSAL_CHOSEN and no SPI of its own",
        finding="ike-proposal-mismatch", origin=charon.VERSION)


@recording()
def proposal_mismatch_then_agreed(lab, index):
    at_a = lab.capture(lab.a)
    a = attempt(lab, tunnel("a", MODP), tunnel("b", ECP), False)
    a.load(tunnel("a", ECP))
    assert a.initiate()
    assert lab.a.ping("10.99.0.1", source="10.98.0.1") == 4
    lab.settle()
    index.keep(
        at_a, "proposal-mismatch-then-agreed", "S03",
        "A offers AES-256, SHA2-256 and MODP-2048 and is answered NO_PROPOSAL_CHOSEN; then A is"
        " told to offer ECP-384 instead, and the tunnel stands; captured at A",
        finding="ike-proposal-mismatch", origin=charon.VERSION, keys=a.keys())


@recording()
def proposal_agreed(lab, index):
    at_a = lab.capture(lab.a)
    a = attempt(lab, tunnel("a", MODP), tunnel("b", MODP), True)
    index.keep(
        at_a, "proposal-agreed", "S03",
        "A offers AES-256, SHA2-256 and MODP-2048, B takes it, the tunnel carries four echoes;"
        " captured at A",
        origin=charon.VERSION, keys=a.keys())


@recording()
def proposal_mismatch_libreswan(lab, index):
    at_a = lab.capture(lab.a)
    b = Pluto(lab.b, connection("b", ike="aes_gcm256-sha2_512;dh20"))
    a = Charon(lab.a, tunnel("a", {"proposals": "aes128-sha256-modp2048,aes128-sha1-modp1536"}))
    assert not a.initiate()
    lab.settle()
    b.await_log("NO_PROPOSAL_CHOSEN", 2)
    index.keep(
        at_a, "proposal-mismatch-libreswan", "S03",
        "A (strongSwan) offers AES-128 with SHA2-256 and MODP-2048, or with SHA1 and MODP-1536; B"
        " (libreswan) takes AES-256-GCM, SHA2-512 and ECP-384 only and answers NO_PROPOSAL_CHOSEN;"
        " captured at A",
        finding="ike-proposal-mismatch", origin=f"{charon.VERSION} and {pluto.VERSION}")


@recording()
def ikev1_proposal_mismatch(lab, index):
    at_a = lab.capture(lab.a)
    attempt(lab, tunnel("a", {"version": "1", **MODP}), tunnel("b", {"version": "1", **ECP}), False)
    index.keep(
        at_a, "ikev1-proposal-mismatch", "S03",
        "IKEv1 main mode: A offers AES-256, SHA2-256 and MODP-2048; B takes ECP-384 only and"
        " answers with an informational NO-PROPOSAL-CHOSEN; captured at A",
        finding="ike-proposal-mismatch", origin=charon.VERSION)


@recording()
def ikev1_main(lab, index):
    at_a = lab.capture(lab.a)
    v1 = {"version": "1", **MODP}
    a = attempt(lab, tunnel("a", v1), tunnel("b", v1), True)
    index.keep(
        at_a, "ikev1-main", "S03",
        "IKEv1 main mode and quick mode with a pre-shared secret; the tunnel carries four echoes;"
        " captured at A",
        info="ike-v1", origin=charon.VERSION, keys=a.keys())


CARELESS = "i_dont_care_about_security_and_use_aggressive_mode_psk = yes"


@recording()
def ikev1_aggressive_psk(lab, index):
    at_a = lab.capture(lab.a)
    v1 = {"version": "1", "aggressive": "yes", **MODP}
    a = attempt(lab, tunnel("a", v1), tunnel("b", v1), True, settings=CARELESS)
    index.keep(
        at_a, "ikev1-aggressive-psk", "",
        "IKEv1 aggressive mode with a pre-shared secret; the tunnel carries four echoes; captured"
        " at A",
        finding="ike-aggressive-psk", origin=charon.VERSION, keys=a.keys())


@recording()
def ikev1_aggressive_certificates(lab, index):
    authority(lab.folder, "rsa2048")
    for name in "ab":
        certificate(lab.folder, name, "rsa2048")
    at_a = lab.capture(lab.a)
    v1 = {"version": "1", "aggressive": "yes", **MODP}
    sides = [
        tunnel(side, v1, local={"auth": "pubkey", "certs": f"{side}.pem", "id": f"{side}.example"},
               remote={"auth": "pubkey", "id": f"{other}.example"})
        for side, other in ("ab", "ba")]
    certificates = [
        {"x509": [lab.folder / f"{side}.pem"], "x509ca": [lab.folder / "ca.pem"],
         "private": [lab.folder / f"{side}.key"]} for side in "ab"]
    a = attempt(lab, *sides, True, certificates=certificates)
    index.keep(
        at_a, "ikev1-aggressive-certificates", "",
        "IKEv1 aggressive mode with RSA-2048 certificates, so that no hash of a secret is exposed;"
        " the tunnel carries four echoes; captured at A",
        info="ike-v1", origin=charon.VERSION, keys=a.keys())


@recording()
def weak_crypto(lab, index):
    at_a = lab.capture(lab.a)
    ike, child = {"proposals": "3des-sha1-modp1024"}, {"esp_proposals": "3des-sha1"}
    a = attempt(lab, tunnel("a", ike, child), tunnel("b", ike, child), True)
    index.keep(
        at_a, "weak-crypto", "",
        "IKEv2 with 3DES, SHA1 and MODP-1024, ESP with 3DES and HMAC-SHA1-96; the tunnel carries"
        " four echoes; captured at A",
        finding="ike-weak-crypto", origin=charon.VERSION, keys=a.keys())


@recording()
def weak_crypto_offered_only(lab, index):
    at_a = lab.capture(lab.a)
    ike = {"proposals": "aes256-sha256-ecp256,3des-sha1-modp1024"}
    a = attempt(lab, tunnel("a", ike), tunnel("b"), True)
    index.keep(
        at_a, "weak-crypto-offered-only", "",
        "A offers AES-256 with ECP-256 first and 3DES with MODP-1024 second; B chooses the first;"
        " the tunnel carries four echoes; captured at A",
        origin=charon.VERSION, keys=a.keys())


@recording()
def invalid_ke_once(lab, index):
    at_a = lab.capture(lab.a)
    both = {"proposals": "aes256-sha256-x25519-ecp384"}
    a = attempt(lab, tunnel("a", both), tunnel("b", ECP), True)
    index.keep(
        at_a, "invalid-ke-once", "S04",
        "A sends a Curve25519 key and offers ECP-384 too; B asks for ECP-384 (group 20) with"
        " INVALID_KE_PAYLOAD once, A sends it, the tunnel carries four echoes; captured at A",
        origin=charon.VERSION, keys=a.keys())


@recording()
def suite_accepted_late(lab, index):
    at_a = lab.capture(lab.a)
    offered = [f"{cipher}-{integrity}-ecp256"
               for cipher in ("camellia256", "camellia192", "camellia128", "aes192", "aes128")
               for integrity in ("sha512", "sha384")] + ["aes256-sha256-ecp256"]
    a = attempt(lab, tunnel("a", {"proposals": ",".join(offered)}), tunnel("b"), True)
    index.keep(
        at_a, "suite-accepted-late", "S05",
        "A offers eleven proposals of which B takes the last; the tunnel carries four echoes;"
        " captured at A",
        origin=charon.VERSION, keys=a.keys())

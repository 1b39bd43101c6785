"""Authenticated SAs between our IKE engine and a daemon: what is tried.

libreswan 4.10 has no EdDSA and no EAP.
"""

from typing import NamedTuple, Optional

from lab import charon, pluto
from lab.credentials import KEYS, LIBRESWAN

SUITES = {
    "psk": ("aes256gcm16-prfsha384-ecp256", "aes128gcm16"),
    "rsa2048": ("aes256-sha256-modp2048", "aes256-sha256"),
    "rsa3072": ("aes256-sha512-ecp384", "aes256gcm16"),
    "ecdsa256": ("aes128gcm16-prfsha256-x25519", "aes128gcm16-x25519"),
    "ed25519": ("chacha20poly1305-prfsha512-x448", "chacha20poly1305"),
    "eap": ("aes256gcm16-prfsha384-ecp256", "aes128gcm16"),
}


class Case(NamedTuple):
    """`role` is our engine's: `initiate` or `respond`. The initiator is A, behind a NAT with `nat`.

    `fragments` are the largest IKE messages of both, in bytes. `rekeys` is `ike` or `child`,
    `rekeyed_by` and `deleted_by` are `us` or `them`. With `kernel` it runs in User Mode Linux,
    whose kernel has ESP: libreswan has no Child SAs without.
    """

    daemon: str
    role: str
    method: str
    fragments: Optional[int] = None
    nat: bool = False
    rekeys: str = ""
    rekeyed_by: str = ""
    deleted_by: str = "us"
    kernel: bool = False

    @property
    def name(self):
        words = [self.daemon.split()[0].lower(), self.role, self.method]
        words += [f"fragments-{self.fragments}"] if self.fragments else []
        words += ["nat"] if self.nat else []
        words += [f"{self.rekeys}-rekeyed-by-{self.rekeyed_by}"] if self.rekeys else []
        words += [f"deleted-by-{self.deleted_by}"]
        return "-".join(words)


def with_charon(role):
    for method in ("psk", *KEYS):
        for deleted_by in ("us", "them"):
            yield Case(charon.VERSION, role, method, deleted_by=deleted_by)
    for method in ("rsa3072", "ed25519"):
        yield Case(charon.VERSION, role, method, fragments=576)
        yield Case(charon.VERSION, role, method, nat=True)
    yield Case(charon.VERSION, role, "psk", nat=True)
    yield Case(charon.VERSION, role, "ecdsa256", fragments=576, nat=True)
    for rekeys in ("ike", "child"):
        for rekeyed_by in ("us", "them"):
            yield Case(charon.VERSION, role, "psk", rekeys=rekeys, rekeyed_by=rekeyed_by)
        yield Case(charon.VERSION, role, "ecdsa256", nat=True, rekeys=rekeys, rekeyed_by="us",
                   deleted_by="them")


def with_pluto(role):
    for method in LIBRESWAN:
        yield Case(pluto.VERSION, role, method)
    yield Case(pluto.VERSION, role, "rsa3072", fragments=576)
    yield Case(pluto.VERSION, role, "ecdsa256", nat=True)


def with_pluto_in_kernel(role):
    # As initiator it sets up anew what the other side deletes.
    deleters = ("us", "them") if role == "initiate" else ("them",)
    for method in LIBRESWAN:
        for deleted_by in deleters:
            yield Case(pluto.VERSION, role, method, deleted_by=deleted_by, kernel=True)
    yield Case(pluto.VERSION, role, "rsa3072", 576, deleted_by="them", kernel=True)
    for rekeys in ("ike", "child"):
        for rekeyed_by in ("us", "them"):
            yield Case(pluto.VERSION, role, "ecdsa256", None, False, rekeys, rekeyed_by, "them",
                       True)


CASES = [
    *with_charon("initiate"), *with_charon("respond"),
    Case(charon.VERSION, "initiate", "eap"), Case(charon.VERSION, "initiate", "eap", nat=True),
    *with_pluto("initiate"), *with_pluto("respond"),
    *with_pluto_in_kernel("initiate"), *with_pluto_in_kernel("respond"),
]

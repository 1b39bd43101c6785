"""IKE suites by the numbers of IANA's registries, and by strongSwan's words for them."""

import itertools
from typing import NamedTuple, Optional

# Transform ID and key length in bits, None for ciphers of one length (RFC 7296, section 3.3.5).
ENCRYPTION = {
    "des": (2, None), "3des": (3, None), "idea": (5, None),
    "cast128": (6, 128), "chacha20poly1305": (28, None),
    **{f"blowfish{bits}": (7, bits) for bits in (128, 192, 256)},
    **{f"aes{bits}": (12, bits) for bits in (128, 192, 256)},
    **{f"aes{bits}ctr": (13, bits) for bits in (128, 192, 256)},
    **{f"aes{bits}ccm{octets}": (number, bits)
       for octets, number in ((8, 14), (12, 15), (16, 16)) for bits in (128, 192, 256)},
    **{f"aes{bits}gcm{octets}": (number, bits)
       for octets, number in ((8, 18), (12, 19), (16, 20)) for bits in (128, 192, 256)},
    **{f"camellia{bits}": (23, bits) for bits in (128, 192, 256)},
    **{f"camellia{bits}ctr": (24, bits) for bits in (128, 192, 256)},
    **{f"camellia{bits}ccm{octets}": (number, bits)
       for octets, number in ((8, 25), (12, 26), (16, 27)) for bits in (128, 192, 256)},
}
# RFC 8247, section 1.3: these bring their own integrity.
AEAD = {14, 15, 16, 18, 19, 20, 25, 26, 27, 28}
INTEGRITY = {
    "md5": 1, "sha1": 2, "aesxcbc": 5, "md5_128": 6, "sha1_160": 7, "aescmac": 8, "sha256": 12,
    "sha384": 13, "sha512": 14,
}
PRF = {
    "prfmd5": 1, "prfsha1": 2, "prftiger": 3, "prfaesxcbc": 4, "prfsha256": 5, "prfsha384": 6,
    "prfsha512": 7, "prfaescmac": 8,
}
KEY_EXCHANGE = {
    "modp768": 1, "modp1024": 2, "modp1536": 5, "modp2048": 14, "modp3072": 15, "modp4096": 16,
    "modp6144": 17, "modp8192": 18, "ecp256": 19, "ecp384": 20, "ecp521": 21, "modp1024s160": 22,
    "modp2048s224": 23, "modp2048s256": 24, "ecp192": 25, "ecp224": 26, "ecp224bp": 27,
    "ecp256bp": 28, "ecp384bp": 29, "ecp512bp": 30, "x25519": 31, "x448": 32,
}
AXES = ("encryption", "integrity", "prf", "key_exchange")
WORDS = {
    axis: {number: word for word, number in table.items()}
    for axis, table in zip(AXES, (ENCRYPTION, INTEGRITY, PRF, KEY_EXCHANGE))
}


class Suite(NamedTuple):
    """What one IKE_SA_INIT response chooses. AEAD ciphers have no integrity algorithm."""

    encryption: tuple[int, Optional[int]]
    integrity: Optional[int]
    prf: int
    key_exchange: int

    def __str__(self):
        return "-".join(word(axis, value) for axis, value in zip(AXES, self) if value is not None)


def word(axis, value):
    return WORDS[axis].get(value, f"{axis}:{value}")


def suites(proposal):
    """All suites of a proposal in strongSwan's words: each axis with each.

    Every PRF is named: whether one follows from the integrity algorithms is the daemon's affair.
    """
    names = proposal.split("-")
    encryption, integrity, prf, key_exchange = (
        [table[name] for name in names if name in table]
        for table in (ENCRYPTION, INTEGRITY, PRF, KEY_EXCHANGE))
    known = len(encryption) + len(integrity) + len(prf) + len(key_exchange)
    if known != len(names) or not (encryption and prf and key_exchange):
        raise ValueError(proposal)
    return {Suite(*choice) for choice in
            itertools.product(encryption, integrity or [None], prf, key_exchange)}


def axes(chosen):
    """Which values each axis takes in these suites; a suite without integrity adds none there."""
    return {axis: {suite[place] for suite in chosen if suite[place] is not None}
            for place, axis in enumerate(AXES)}

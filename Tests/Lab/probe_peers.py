"""Responders with differing configurations, and exactly what each of them accepts.

What stands here was asked of each daemon suite by suite (`probe --verify`), beyond what its
configuration says. Words are strongSwan's (`lab/suites.py`); a line is a product of its axes.
"""

from typing import NamedTuple

from lab import Charon, Pluto, charon, connection, pluto, tunnel
from lab.suites import suites

# Both Debian's plugins with all that they bring, and none that asks other hosts.
PLUGINS = charon.PLUGINS.replace(" save-keys", "")


class Peer(NamedTuple):
    """`configured` is the daemon's own line: `proposals` of swanctl.conf, `ike` of ipsec.conf.

    `settings` are further lines of strongswan.conf or of ipsec.conf's `config setup`. What a `vast`
    peer accepts cannot be told apart within a probe's budget of packets: that much has to be said.
    """

    name: str
    daemon: str
    configured: str
    accepts: tuple[str, ...]
    settings: str = ""
    vast: bool = False

    @property
    def suites(self):
        return set().union(*(suites(line) for line in self.accepts))

    def start(self, host):
        """Start the daemon as responder B."""
        if self.daemon == charon.VERSION:
            return Charon(host, tunnel("b", {"proposals": self.configured}), self.settings,
                          plugins=PLUGINS)
        return Pluto(host, connection("b", ike=self.configured or None), self.settings)


# No suite of one line is an accepted one of another: neither integrity with PRF nor cipher with
# group can be told from the axes alone.
THREE = ("aes256-sha256-prfsha256-modp2048", "aes128gcm16-prfsha256-ecp256",
         "aes256gcm16-prfsha384-x25519")

# What Debian's charon takes where the connection says nothing.
DEFAULT_PRFS = "prfsha256-prfsha384-prfsha512-prfaesxcbc-prfaescmac-prfsha1"
DEFAULT_CURVES = ("x25519-x448-ecp256-ecp384-ecp521-ecp256bp-ecp384bp-ecp512bp"
                  "-modp3072-modp4096-modp6144-modp8192-modp2048")
DEFAULT_CIPHERS = "-".join(
    f"{cipher}{bits}{mode}" for cipher in ("aes", "camellia") for bits in (128, 192, 256)
    for mode in ("", "ctr"))
DEFAULT_AEAD = "-".join(
    [f"aes{bits}{mode}{octets}" for mode in ("gcm", "ccm") for bits in (128, 192, 256)
     for octets in (8, 12, 16)]
    + [f"camellia{bits}ccm{octets}" for bits in (128, 192, 256) for octets in (8, 12, 16)])

# What Debian's pluto takes where the connection says nothing.
DEFAULT_GROUPS = "modp2048-modp3072-modp4096-modp8192-ecp256-ecp384-ecp521-x25519"

PEERS = [
    Peer("strongswan-classic", charon.VERSION,
         "aes256-aes128-sha256-sha384-modp2048-ecp256",
         ("aes256-aes128-sha256-sha384-prfsha256-prfsha384-modp2048-ecp256",)),
    Peer("strongswan-aead", charon.VERSION,
         "aes256gcm16-aes128gcm16-prfsha384-prfsha256-curve25519-ecp384-ecp256",
         ("aes256gcm16-aes128gcm16-prfsha384-prfsha256-x25519-ecp384-ecp256",)),
    Peer("strongswan-three", charon.VERSION,
         "aes256-sha256-modp2048,aes128gcm16-prfsha256-ecp256,aes256gcm16-prfsha384-curve25519",
         THREE),
    Peer("strongswan-leftover", charon.VERSION,
         "aes256-sha256-ecp256,3des-sha1-modp1024",
         ("aes256-sha256-prfsha256-ecp256", "3des-sha1-prfsha1-modp1024")),
    Peer("strongswan-rare", charon.VERSION,
         "chacha20poly1305-prfsha512-x448,camellia256-sha512-ecp384bp,"
         "aes192ccm12-prfaesxcbc-modp4096,aes128ctr-aesxcbc-ecp256bp",
         ("chacha20poly1305-prfsha512-x448", "camellia256-sha512-prfsha512-ecp384bp",
          "aes192ccm12-prfaesxcbc-modp4096", "aes128ctr-aesxcbc-prfaesxcbc-ecp256bp")),
    Peer("strongswan-default", charon.VERSION, "default",
         (f"{DEFAULT_CIPHERS}-3des-sha256-sha384-sha512-sha1-aescmac-aesxcbc-{DEFAULT_PRFS}-"
          + DEFAULT_CURVES,
          f"{DEFAULT_AEAD}-chacha20poly1305-{DEFAULT_PRFS}-{DEFAULT_CURVES}"), vast=True),
    Peer("libreswan-classic", pluto.VERSION,
         "aes256-sha2_256+sha2_384;dh14+dh19,aes128-sha2_256+sha2_384;dh14+dh19",
         ("aes256-aes128-sha256-sha384-prfsha256-prfsha384-modp2048-ecp256",)),
    Peer("libreswan-aead", pluto.VERSION,
         "aes_gcm256-sha2_512+sha2_384;dh31+dh20+dh19",
         ("aes256gcm16-prfsha512-prfsha384-x25519-ecp384-ecp256",)),
    Peer("libreswan-three", pluto.VERSION,
         "aes256-sha2_256;dh14,aes_gcm128-sha2_256;dh19,aes_gcm256-sha2_384;dh31", THREE),
    Peer("libreswan-leftover", pluto.VERSION,
         "aes_gcm256-sha2_512;dh20,3des-sha1;dh5",
         ("aes256gcm16-prfsha512-ecp384", "3des-sha1-prfsha1-modp1536")),
    Peer("libreswan-rare", pluto.VERSION,
         "chacha20_poly1305-sha2_512;dh31,camellia256-sha2_512;dh21,aes_ctr256-sha2_256;dh16,"
         "aes128-aes_xcbc;dh15",
         ("chacha20poly1305-prfsha512-x25519", "camellia256-sha512-prfsha512-ecp521",
          "aes256ctr-sha256-prfsha256-modp4096", "aes128-aesxcbc-prfaesxcbc-modp3072")),
    Peer("libreswan-default", pluto.VERSION, "",
         ("aes256gcm16-aes128gcm16-prfsha512-prfsha256-" + DEFAULT_GROUPS,
          "aes256-aes128-sha512-sha256-prfsha512-prfsha256-" + DEFAULT_GROUPS)),
    Peer("libreswan-cookies", pluto.VERSION,
         "aes256-sha2_256;dh14,aes_gcm128-sha2_256;dh19,aes_gcm256-sha2_384;dh31", THREE,
         "ddos-mode=busy"),
]

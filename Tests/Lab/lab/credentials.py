"""How two peers prove who they are, in the words of each: our engine's, swanctl's and libreswan's.

The identities are a.example of the initiator and b.example of the responder, `alice` with EAP.
"""

import subprocess

from .certificates import authority, certificate

SECRET = "an-example-secret-for-the-lab"
USER, PASSWORD = "alice", "an-example-password"

# Our words for keys, and certificates.py's. libreswan 4.10 knows no EdDSA.
KEYS = {"rsa2048": "rsa2048", "rsa3072": "rsa3072", "ecdsa256": "prime256v1", "ed25519": "ed25519"}
METHODS = ("psk", *KEYS, "eap")
LIBRESWAN = {"psk": "secret", "rsa2048": "rsasig", "rsa3072": "rsasig", "ecdsa256": "ecdsa"}


def other(side):
    return "b" if side == "a" else "a"


class Credentials:
    """The files of one method in a folder of its own, below the lab's."""

    def __init__(self, lab, method):
        self.method = method
        self.folder = lab.folder / "credentials"
        self.folder.mkdir()
        (self.folder / "secret").write_text(SECRET)
        (self.folder / "password").write_text(PASSWORD)
        if method != "psk":
            # The server of EAP proves itself by a certificate.
            key = KEYS.get(method, KEYS["ecdsa256"])
            authority(self.folder, key)
            for side in "ab":
                certificate(self.folder, side, key)

    def identity(self, side):
        return USER if self.method == "eap" and side == "a" else f"{side}.example"

    def of_engine(self, side):
        """Words of our engine's command line, for one side."""
        files = {name: self.folder / name for name in
                 (f"{side}.pem", f"{side}.key", "ca.pem", "secret", "password")}
        own, ca = f"{files[f'{side}.pem']},{files[f'{side}.key']}", files["ca.pem"]
        proof = f"cert:{own},{ca}"
        if self.method == "psk":
            proof = f"psk:{files['secret']}"
        if self.method == "eap" and side == "a":
            proof = f"eap:{USER},{files['password']},{ca}"
        return ["--auth", proof, "--id", f"fqdn:{self.identity(side)}",
                "--remote-id", f"fqdn:{self.identity(other(side))}"]

    def of_charon(self, side):
        """The sections `local` and `remote`, the secrets and the certificates, for `tunnel`."""
        def proves(whose):
            if self.method == "psk":
                return "psk"
            return "eap-mschapv2" if self.method == "eap" and whose == "a" else "pubkey"

        local = {"auth": proves(side), "id": f"fqdn:{self.identity(side)}"}
        if proves(side) == "pubkey":
            local["certs"] = f"{side}.pem"
        remote = {"auth": proves(other(side)), "id": f"fqdn:{self.identity(other(side))}"}
        secrets = {"ike-peer": {"secret": f'"{SECRET}"'},
                   "eap-user": {"id": f"fqdn:{USER}", "secret": f'"{PASSWORD}"'}}
        if self.method == "psk":
            return local, remote, secrets, {}
        return local, remote, secrets, {
            "x509": [self.folder / f"{side}.pem"], "x509ca": [self.folder / "ca.pem"],
            "private": [self.folder / f"{side}.key"]}

    def of_pluto(self, side):
        """Lines of libreswan's connection, for `connection`; its left side is its own."""
        lines = {"authby": LIBRESWAN[self.method], "leftid": f"@{self.identity(side)}",
                 "rightid": f"@{self.identity(other(side))}"}
        if self.method != "psk":
            lines |= {"leftcert": side, "rightca": "%same", "leftsendcert": "always"}
        return lines

    def import_into(self, nss, side):
        """Put the authority and the side's certificate and key into a database of NSS."""
        if self.method == "psk":
            return
        archive = self.folder / f"{side}.p12"
        for words in (
                ["openssl", "pkcs12", "-export", "-in", f"{self.folder}/{side}.pem", "-inkey",
                 f"{self.folder}/{side}.key", "-certfile", f"{self.folder}/ca.pem", "-name", side,
                 "-passout", "pass:", "-out", str(archive)],
                ["pk12util", "-i", str(archive), "-d", f"sql:{nss}", "-W", ""],
                ["certutil", "-A", "-n", "ca", "-t", "CT,,", "-d", f"sql:{nss}", "-i",
                 f"{self.folder}/ca.pem"]):
            subprocess.run(words, check=True, capture_output=True, timeout=30)

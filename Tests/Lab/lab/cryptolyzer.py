"""cryptolyzer, the strongest probe beside ours, in a virtual environment of its own."""

import json
import pathlib
import re
import subprocess
import sys

from . import programs
from .judging import Answer
from .suites import AXES, ENCRYPTION, INTEGRITY, KEY_EXCHANGE, PRF

VERSION = "1.6.1"
SERVER = pathlib.Path(__file__).with_name("cryptolyzer_server.py")
END = "\x00"

# oscrypto looks for a version of three digits, and finds none in "OpenSSL 3.0.22".
START = r'''
import re

NARROW, WIDE = r"\b(\d\.\d\.\d[a-z]*)\b", r"\b(\d+\.\d+\.\d+[a-z]*)\b"
search = re.search


def search_numbers(pattern, string, flags=0):
    return search(WIDE if pattern == NARROW else pattern, string, flags)


re.search = search_numbers
'''

# Its names for what suites.py numbers; those of AES, Camellia and most groups follow a rule.
CIPHERS = {"TRIPLE_DES_168": "3des", "CHACHA20": "chacha20poly1305"}
MODES = {"CBC": "", "CTR": "ctr", "CCM_8": "ccm8", "CCM_12": "ccm12", "CCM_16": "ccm16",
         "GCM_8": "gcm8", "GCM_12": "gcm12", "GCM_16": "gcm16"}
MACS = {"MD5": "md5", "SHA1": "sha1", "AES_XCBC_MAC_96": "aesxcbc", "AES_CMAC_96": "aescmac",
        "SHA2_256_128": "sha256", "SHA2_384_192": "sha384", "SHA2_512_256": "sha512"}
PRFS = {"MD5": "prfmd5", "SHA1": "prfsha1", "AES_XCBC_PRF_128": "prfaesxcbc",
        "SHA2_256": "prfsha256", "SHA2_384": "prfsha384", "SHA2_512": "prfsha512",
        "AES_CMAC_PRF_128": "prfaescmac"}
GROUPS = {"PRIME256V1": "ecp256", "SECP384R1": "ecp384", "SECP521R1": "ecp521",
          "PRIME192V1": "ecp192", "SECP224R1": "ecp224", "CURVE25519": "x25519",
          "CURVE448": "x448"}


def install():
    """The environment's Python; the environment is made at first use."""
    target = programs.FOLDER / "cryptolyzer"
    with programs.held():
        if not (target / "bin/python").exists():
            programs.shell(f"""
                rm -rf {target}
                {sys.executable} -m venv {target}
                {target}/bin/python -m pip install --quiet cryptolyzer=={VERSION} ||
                  {{ rm -rf {target}; exit 1; }}
                """, programs.FOLDER)
            packages, = target.glob("lib/python3*/site-packages")
            (packages / "sitecustomize.py").write_text(START)
    return target / "bin/python"


class Cryptolyzer:
    """A running cryptolyzer in a namespace."""

    def __init__(self, host):
        # Without -P, this folder's cryptolyzer.py would stand in the place of the real one.
        self.process = host.start(str(install()), "-P", str(SERVER), stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)

    def run(self, *words):
        """What one run prints, and how many seconds it takes, loading left out."""
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.startswith(END):
                return "".join(lines), float(line[1:])
            lines.append(line)
        raise RuntimeError("cryptolyzer ended")

    def ciphers(self, address):
        """Its answer for an address, and the seconds it took."""
        text, seconds = self.run("--output-format", "json", "ikev2", "ciphers",
                                 f"ipsec://{address}:500")
        return answer(text), seconds


def cipher(entry):
    name = entry["encryption_algorithm"]
    return CIPHERS.get(name) or (
        name.replace("_", "").lower() + MODES.get(entry["block_cipher_mode"], "?"))


def group(name):
    if match := re.fullmatch(r"RFC(?:2539|3526)_(\d+)_BIT_MODP_GROUP", name):
        return f"modp{match[1]}"
    if match := re.fullmatch(r"BRAINPOOLP(\d+)R1", name):
        return f"ecp{match[1]}bp"
    return GROUPS.get(name)


def answer(text):
    """The answer in its JSON, which tells axes and no suites; what has no number keeps its name."""
    if "{" not in text:
        return Answer(None, None)
    found = json.loads(text[text.index("{"):])
    rules = (
        (cipher, ENCRYPTION, "encryption_algorithms"),
        (MACS.get, INTEGRITY, "integrity_algorithms"),
        (PRFS.get, PRF, "pseudorandom_functions"),
        (group, KEY_EXCHANGE, "diffie_hellman_groups"))
    return Answer({
        axis: {table.get(word(name), str(name)) for name in found[list_name]}
        for axis, (word, table, list_name) in zip(AXES, rules)}, None)

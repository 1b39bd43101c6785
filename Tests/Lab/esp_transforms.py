"""Every ESP transform that Linux has: its words for `ip xfrm`, and the registries' numbers."""

import dataclasses
import hashlib


@dataclasses.dataclass(frozen=True)
class Cipher:
    name: str
    kernel: str
    number: int
    # 0 where the registry's transform has one length alone.
    key_bits: int
    # With the salt.
    key_bytes: int
    # Of an AEAD cipher.
    icv_bits: int = 0


@dataclasses.dataclass(frozen=True)
class Integrity:
    name: str
    kernel: str
    number: int
    key_bytes: int
    icv_bits: int


NO_INTEGRITY = Integrity("none", "", 0, 0, 0)
INTEGRITY = (
    Integrity("md5-96", "hmac(md5)", 1, 16, 96),
    Integrity("md5-128", "hmac(md5)", 6, 16, 128),
    Integrity("sha1-96", "hmac(sha1)", 2, 20, 96),
    Integrity("sha1-160", "hmac(sha1)", 7, 20, 160),
    Integrity("xcbc-96", "xcbc(aes)", 5, 16, 96),
    Integrity("cmac-96", "cmac(aes)", 8, 16, 96),
    Integrity("sha256-128", "hmac(sha256)", 12, 32, 128),
    Integrity("sha384-192", "hmac(sha384)", 13, 48, 192),
    Integrity("sha512-256", "hmac(sha512)", 14, 64, 256),
)

AES = (128, 192, 256)
CIPHERS = (
    Cipher("null", "ecb(cipher_null)", 11, 0, 0),
    Cipher("des", "cbc(des)", 2, 0, 8),
    Cipher("3des", "cbc(des3_ede)", 3, 0, 24),
    Cipher("cast128", "cbc(cast5)", 6, 128, 16),
    Cipher("blowfish128", "cbc(blowfish)", 7, 128, 16),
    Cipher("blowfish448", "cbc(blowfish)", 7, 448, 56),
    *(Cipher(f"aes{bits}", "cbc(aes)", 12, bits, bits // 8) for bits in AES),
    *(Cipher(f"aes{bits}ctr", "rfc3686(ctr(aes))", 13, bits, bits // 8 + 4) for bits in AES),
    *(Cipher(f"camellia{bits}", "cbc(camellia)", 23, bits, bits // 8) for bits in AES),
    *(Cipher(f"aes{bits}ccm{icv}", "rfc4309(ccm(aes))", number, bits, bits // 8 + 3, icv * 8)
      for bits in AES for icv, number in ((8, 14), (12, 15), (16, 16))),
    *(Cipher(f"aes{bits}gcm{icv}", "rfc4106(gcm(aes))", number, bits, bits // 8 + 4, icv * 8)
      for bits in AES for icv, number in ((8, 18), (12, 19), (16, 20))),
    *(Cipher(f"aes{bits}gmac", "rfc4543(gcm(aes))", 21, bits, bits // 8 + 4, 128) for bits in AES),
    Cipher("chacha20poly1305", "rfc7539esp(chacha20,poly1305)", 28, 0, 36, 128),
)


def key(size, label):
    """A made-up key, the same in every run."""
    return hashlib.shake_256(label.encode()).hexdigest(size)


@dataclasses.dataclass(frozen=True)
class Transform:
    cipher: Cipher
    integrity: Integrity = NO_INTEGRITY

    @property
    def name(self):
        if self.integrity == NO_INTEGRITY:
            return self.cipher.name
        return f"{self.cipher.name}-{self.integrity.name}"

    def keys(self, direction):
        return (key(self.cipher.key_bytes, f"{self.name} {direction} cipher"),
                key(self.integrity.key_bytes, f"{self.name} {direction} integrity"))

    def kernel_words(self, direction):
        cipher_key, integrity_key = self.keys(direction)
        if self.cipher.icv_bits:
            return f"aead {self.cipher.kernel} 0x{cipher_key} {self.cipher.icv_bits}"
        words = f"enc {self.cipher.kernel} " + (f"0x{cipher_key}" if cipher_key else '""')
        if self.integrity != NO_INTEGRITY:
            words += (f" auth-trunc {self.integrity.kernel} 0x{integrity_key}"
                      f" {self.integrity.icv_bits}")
        return words

    def peer_words(self, spi, esn, number, direction):
        keys = (one or "-" for one in self.keys(direction))
        return " ".join(map(str, (spi, self.cipher.number, self.cipher.key_bits,
                                  self.integrity.number, int(esn), number, *keys)))


def transforms():
    """All that go together: an AEAD cipher alone, the others with each integrity algorithm and without."""
    for cipher in CIPHERS:
        if cipher.icv_bits:
            yield Transform(cipher)
            continue
        for integrity in INTEGRITY:
            yield Transform(cipher, integrity)
        if cipher.name != "null":
            yield Transform(cipher)


def transform(name):
    return next(one for one in transforms() if one.name == name)

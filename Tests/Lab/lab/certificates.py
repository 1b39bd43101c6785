"""Certificates made for one recording."""

import subprocess

DAYS = "3650"


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=120)


def algorithm(key):
    """openssl's words for `rsa4096`, `rsa2048`, `prime256v1`, `ed25519` and their like."""
    if key == "ed25519":
        return ["-newkey", key]
    if key.startswith("rsa"):
        return ["-newkey", f"rsa:{key[3:]}"]
    return ["-newkey", "ec", "-pkeyopt", f"ec_paramgen_curve:{key}"]


def digest(key):
    """EdDSA brings its own."""
    return [] if key == "ed25519" else ["-sha256"]


def authority(folder, key="rsa4096", name="Example CA"):
    """A self-signed authority: `ca.pem` and `ca.key` in the folder."""
    openssl("req", "-x509", *algorithm(key), "-nodes", *digest(key), "-days", DAYS,
            "-subj", f"/O=Example/CN={name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            "-keyout", str(folder / "ca.key"), "-out", str(folder / "ca.pem"))


def certificate(folder, name, key="rsa4096", days=DAYS):
    """A certificate of that authority for the DNS name `NAME.example`: `NAME.pem`, `NAME.key`."""
    extensions = folder / f"{name}.ext"
    extensions.write_text(f"subjectAltName=DNS:{name}.example\n")
    request = folder / f"{name}.csr"
    openssl("req", *algorithm(key), "-nodes", *digest(key),
            "-subj", f"/O=Example/CN={name}.example",
            "-keyout", str(folder / f"{name}.key"), "-out", str(request))
    openssl("x509", "-req", "-in", str(request), "-CA", str(folder / "ca.pem"), "-CAkey",
            str(folder / "ca.key"), "-CAcreateserial", "-days", str(days), *digest(key),
            "-extfile", str(extensions), "-out", str(folder / f"{name}.pem"))

#!/usr/bin/env python3
"""Makes the keys and certificates of this folder anew; needs cryptography (PyPI), 42 or later."""
import datetime
import ipaddress
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, ed448, padding, rsa
from cryptography.x509.oid import NameOID

FOLDER = pathlib.Path(__file__).parent
PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8
TRADITIONAL = serialization.PrivateFormat.TraditionalOpenSSL
PLAIN = serialization.NoEncryption()
EDWARDS = (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)


def name(common):
    return x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CH"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "ipsecdiag lab"),
        x509.NameAttribute(NameOID.COMMON_NAME, common)])


def day(year):
    return datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc)


def make(file, key, common, issuer=None, ca=False, years=(2020, 2120), alternatives=()):
    """A certificate by `issuer`, a pair of certificate and key, or by itself."""
    signer = issuer[1] if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(common))
        .issuer_name(issuer[0].subject if issuer else name(common))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(day(years[0]))
        .not_valid_after(day(years[1]))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True))
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    hash = None if isinstance(signer, EDWARDS) else hashes.SHA256()
    certificate = builder.sign(signer, hash)
    (FOLDER / f"{file}.pem").write_bytes(certificate.public_bytes(PEM))
    return certificate, key


def save(file, key, form=PKCS8, encryption=PLAIN):
    (FOLDER / f"{file}.key.pem").write_bytes(key.private_bytes(PEM, form, encryption))


def everyone(host):
    return [
        x509.DNSName(f"{host}.example"),
        x509.RFC822Name(f"Admin@{host}.example"),
        x509.IPAddress(ipaddress.ip_address("192.0.2.1")),
        x509.IPAddress(ipaddress.ip_address("2001:db8::1"))]


rsa_root = make("root-rsa", rsa.generate_private_key(65537, 2048), "RSA root", ca=True)
ec_root = make("root-p384", ec.generate_private_key(ec.SECP384R1()), "P-384 root", ca=True)
intermediate = make(
    "intermediate", ec.generate_private_key(ec.SECP256R1()), "Intermediate", rsa_root, ca=True)

keys = {
    "rsa": (rsa.generate_private_key(65537, 2048), rsa_root),
    "p256": (ec.generate_private_key(ec.SECP256R1()), intermediate),
    "p384": (ec.generate_private_key(ec.SECP384R1()), ec_root),
    "p521": (ec.generate_private_key(ec.SECP521R1()), ec_root),
    "brainpoolp256": (ec.generate_private_key(ec.BrainpoolP256R1()), ec_root),
    "ed25519": (ed25519.Ed25519PrivateKey.generate(), ec_root),
    "ed448": (ed448.Ed448PrivateKey.generate(), ec_root)}
gateways = {}
for kind, (key, issuer) in keys.items():
    gateways[kind] = make(
        f"gateway-{kind}", key, f"gateway-{kind}", issuer, alternatives=everyone(f"gateway-{kind}"))
    save(f"gateway-{kind}", key)

rsa_key, ec_key = keys["rsa"][0], keys["p256"][0]
save("gateway-rsa-pkcs1", rsa_key, TRADITIONAL)
save("gateway-p256-sec1", ec_key, TRADITIONAL)
save("gateway-p256-encrypted", ec_key, PKCS8, serialization.BestAvailableEncryption(b"open sesame"))
save("gateway-p256-sec1-encrypted", ec_key, TRADITIONAL,
     serialization.BestAvailableEncryption(b"open sesame"))

fresh = ec.generate_private_key(ec.SECP256R1())
make("expired", fresh, "expired", rsa_root, years=(2020, 2021))
make("not-yet-valid", fresh, "not-yet-valid", rsa_root, years=(2119, 2120))
make("by-no-ca", fresh, "by-no-ca", gateways["rsa"])
make("without-alternatives", fresh, "plain.example", rsa_root)
make("wildcard", fresh, "wildcard", rsa_root, alternatives=[x509.DNSName("*.gateway.example")])

# Signatures by each key, in every scheme that it has.
message = b"Octets that InitiatorSignedOctets could be"
HASHES = {"1": hashes.SHA1(), "2": hashes.SHA256(), "3": hashes.SHA384(), "4": hashes.SHA512()}
rows = ["key,scheme,hash,message,signature"]
for kind, (key, _) in keys.items():
    for number, function in HASHES.items():
        if kind == "rsa":
            pss = padding.PSS(padding.MGF1(function), function.digest_size)
            for scheme, form in (("rsaPKCS1", padding.PKCS1v15()), ("rsaPSS", pss)):
                signature = key.sign(message, form, function)
                rows.append(f"{kind},{scheme},{number},{message.hex()},{signature.hex()}")
        elif not isinstance(key, EDWARDS):
            signature = key.sign(message, ec.ECDSA(function))
            rows.append(f"{kind},ecdsaDER,{number},{message.hex()},{signature.hex()}")
    if isinstance(key, EDWARDS):
        rows.append(f"{kind},eddsa,5,{message.hex()},{key.sign(message).hex()}")
(FOLDER / "signatures.csv").write_text("\n".join(rows) + "\n")

"""strongSwan's charon in a namespace, with a data path of its own (kernel-libipsec)."""

import shutil
import time

from .network import ADDRESS, INNER
from . import programs

VERSION = "strongSwan 5.9.8"

# kernel-libipsec stands before kernel-netlink, which then only configures addresses and routes.
PLUGINS = ("random nonce aes sha1 sha2 md5 hmac kdf mgf1 gmp curve25519 openssl x509 revocation"
           " constraints pubkey pkcs1 pkcs8 pem gcm ccm ctr chapoly cmac xcbc drbg"
           " eap-identity eap-md5 eap-mschapv2 counters"
           " kernel-libipsec kernel-netlink socket-default vici save-keys")
# The same with ESP in the kernel, for recordings in User Mode Linux.
PLUGINS_FOR_KERNEL = PLUGINS.replace("kernel-libipsec ", "")

SETTINGS = """charon {{
  load = {plugins}
  install_virtual_ip = yes
  {settings}
  plugins {{
    vici {{
      socket = unix://{folder}/charon.vici
    }}
    save-keys {{
      ike = yes
      esp = yes
      wireshark_keys = {folder}/keys
    }}
  }}
  filelog {{
    log {{
      path = {folder}/log
      flush_line = yes
      default = 1
      time_format = %H:%M:%S
      time_add_ms = yes
    }}
  }}
}}
swanctl {{
  load = random nonce pem pkcs1 pkcs8 x509 pubkey openssl
}}
"""


def text(sections, depth=0):
    """strongSwan's form of nested dictionaries; a setting that is None is left out."""
    lines = []
    for name, value in sections.items():
        if isinstance(value, dict):
            lines += [f"{'  ' * depth}{name} {{", text(value, depth + 1), f"{'  ' * depth}}}"]
        elif value is not None:
            lines.append(f"{'  ' * depth}{name} = {value}")
    return "\n".join(line for line in lines if line)


def tunnel(side, ike=None, child=None, local=None, remote=None, secrets=None):
    """swanctl's sections for side `a` or `b` of the usual tunnel, with a pre-shared secret.

    The connection and its child are both called `net`. `ike`, `child`, `local` and `remote` change
    or add settings; `secrets` stands in the place of the usual secret.
    """
    other = "b" if side == "a" else "a"
    return {
        "connections": {"net": {
            "version": "2",
            "local_addrs": ADDRESS[side],
            "remote_addrs": ADDRESS[other],
            "proposals": "aes256-sha256-ecp256",
            **(ike or {}),
            "local": {"auth": "psk", **(local or {})},
            "remote": {"auth": "psk", **(remote or {})},
            "children": {"net": {
                "local_ts": INNER[side][0],
                "remote_ts": INNER[other][0],
                "esp_proposals": "aes128gcm16",
                **(child or {}),
            }},
        }},
        "secrets": secrets or {"ike-peer": {"secret": '"an-example-secret-for-recordings"'}},
    }


class Charon:
    """A running charon with its connections loaded.

    `connections` are nested dictionaries as `tunnel` makes them. `settings` are lines for the
    `charon` section of strongswan.conf. `certificates` maps swanctl's folders (`x509`, `x509ca`,
    `private`) to files. `program` is another build of the daemon.
    """

    def __init__(self, host, connections, settings="", certificates=None, plugins=PLUGINS,
                 program="/usr/lib/ipsec/charon"):
        self.host = host
        self.folder = host.folder / f"charon-{host.namespace}-{time.monotonic_ns()}"
        (self.folder / "keys").mkdir(parents=True)
        (self.folder / "strongswan.conf").write_text(SETTINGS.format(
            plugins=plugins, settings=settings.replace("\n", "\n  "), folder=self.folder))
        for name, files in (certificates or {}).items():
            (self.folder / "swanctl" / name).mkdir(parents=True)
            for file in files:
                shutil.copy(file, self.folder / "swanctl" / name)
        (self.folder / "swanctl").mkdir(exist_ok=True)
        self.process = host.start(
            "unshare", "-m", "sh", "-c",
            f"mount -t tmpfs lab /run; mount --bind {programs.plugins()} {programs.PLUGINS};"
            f" STRONGSWAN_CONF={self.folder}/strongswan.conf exec {program}")
        self.await_socket()
        self.load(connections)

    def await_socket(self):
        for _ in range(100):
            if (self.folder / "charon.vici").exists():
                return
            time.sleep(0.1)
        raise RuntimeError(f"charon in {self.host.namespace} did not start: {self.log()[-2000:]}")

    def load(self, connections):
        """Put these connections in the place of those before."""
        (self.folder / "swanctl/swanctl.conf").write_text(text(connections) + "\n")
        self.swanctl("--load-all", "--clear", "--noprompt")

    def swanctl(self, *words, timeout=30, check=True):
        return self.host.run(
            "env", f"SWANCTL_DIR={self.folder}/swanctl",
            f"STRONGSWAN_CONF={self.folder}/strongswan.conf", "swanctl", *words, "--uri",
            f"unix://{self.folder}/charon.vici", timeout=timeout, check=check)

    def initiate(self, child="net", wait=True, timeout=30):
        """Set a Child SA up; whether it stands. Without waiting, the daemon goes on by itself."""
        words = ["--initiate", "--child", child, "--timeout", str(timeout if wait else -1)]
        output = self.swanctl(*words, timeout=timeout + 10, check=False)
        return "initiate completed successfully" in output

    def terminate(self, ike="net"):
        self.swanctl("--terminate", "--ike", ike, "--timeout", "5", check=False)

    def log(self):
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def await_log(self, words, timeout):
        """Wait until the daemon says this."""
        for _ in range(int(timeout * 10)):
            if words in self.log():
                return
            time.sleep(0.1)
        raise RuntimeError(f"no {words!r} in {timeout} s: {self.log()[-2000:]}")

    def keys(self):
        """The key tables that the plugin save-keys wrote, in Wireshark's formats."""
        return sorted(path for path in (self.folder / "keys").iterdir() if path.stat().st_size > 0)

    def stop(self):
        """A restart without a farewell is `kill`."""
        self.host.stop(self.process)

    def kill(self):
        """End it so that it sends no Delete."""
        self.host.stop(self.process, 9)

"""libreswan's pluto in a namespace. IKE only: its Child SAs need ESP in the kernel."""

import subprocess
import time

from .network import ADDRESS, INNER
from . import programs

VERSION = "libreswan 4.10"


def connection(side, **settings):
    """ipsec.conf's section for side `a` or `b` of the usual tunnel, with a pre-shared secret.

    `settings` change or add lines; one that is None is left out. The connection is called `net`.
    """
    other = "b" if side == "a" else "a"
    lines = {
        "ikev2": "insist",
        "authby": "secret",
        "left": ADDRESS[side],
        "right": ADDRESS[other],
        "leftsubnet": INNER[side][0],
        "rightsubnet": INNER[other][0],
        "ike": "aes256-sha2_256;dh19",
        "esp": "aes_gcm128-null",
        "leftupdown": "/bin/true",
        **settings,
    }
    return "conn net\n" + "".join(
        f"  {name}={value}\n" for name, value in lines.items() if value is not None)


class Pluto:
    """A running pluto with its connections loaded.

    `connections` is the text of ipsec.conf after its `config setup`, `setup` lines for that.
    `secrets` is the text of ipsec.secrets. `prepare` is called with the folder of NSS's database,
    to put certificates in it.
    """

    def __init__(self, host, connections, setup="", secrets=None, prepare=None):
        self.host = host
        self.program = programs.libreswan() / "usr/libexec/ipsec"
        self.folder = host.folder / f"pluto-{host.namespace}-{time.monotonic_ns()}"
        for name in ("nss", "run"):
            (self.folder / name).mkdir(parents=True)
        lines = "".join(f"  {line.strip()}\n" for line in setup.splitlines() if line.strip())
        (self.folder / "ipsec.conf").write_text(
            f"config setup\n  logtime=yes\n{lines}\n{connections}\n")
        (self.folder / "ipsec.secrets").write_text(
            secrets or ': PSK "an-example-secret-for-recordings"\n')
        subprocess.run(["certutil", "-N", "-d", f"sql:{self.folder}/nss", "--empty-password"],
                       check=True, capture_output=True, timeout=30)
        if prepare:
            prepare(self.folder / "nss")
        self.process = host.start(
            "unshare", "-m", "sh", "-c",
            f"mount --bind {self.program} /usr/libexec/ipsec; mount -t tmpfs lab /run;"
            f" exec /usr/libexec/ipsec/pluto --config {self.folder}/ipsec.conf"
            f" --secretsfile {self.folder}/ipsec.secrets --nssdir {self.folder}/nss"
            f" --rundir {self.folder}/run --nofork --stderrlog",
            stderr=open(self.folder / "log", "w"))
        for _ in range(100):
            if (self.folder / "run/pluto.ctl").exists():
                break
            time.sleep(0.1)
        else:
            raise RuntimeError(f"pluto in {host.namespace} did not start: {self.log()[-2000:]}")
        # Until then it takes connections, but forgets to initiate them.
        self.await_log("loading secrets", 20)
        for line in connections.splitlines():
            if line.startswith("conn ") and not line.endswith("%default"):
                self.addconn(line.split()[1])

    def addconn(self, name):
        return self.host.run(
            str(self.program / "addconn"), "--config", f"{self.folder}/ipsec.conf", "--ctlsocket",
            f"{self.folder}/run/pluto.ctl", name)

    def whack(self, *words, timeout=30):
        return self.host.run(str(self.program / "whack"), "--rundir", f"{self.folder}/run", *words,
                             timeout=timeout, check=False)

    def initiate(self, name="net"):
        """Begin; the daemon goes on by itself."""
        return self.whack("--name", name, "--initiate", "--asynchronous")

    def terminate(self, name="net"):
        self.whack("--name", name, "--terminate")

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def await_log(self, words, timeout):
        """Wait until the daemon says this."""
        for _ in range(int(timeout * 10)):
            if words in self.log():
                return
            time.sleep(0.1)
        raise RuntimeError(f"no {words!r} in {timeout} s: {self.log()[-2000:]}")

    def stop(self):
        self.host.stop(self.process)

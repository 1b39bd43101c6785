"""Programs that Debian has but that cannot be installed beside each other, or not ready-made."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import subprocess

FOLDER = pathlib.Path("/var/tmp/ipsecdiag-lab")
PLUGINS = pathlib.Path("/usr/lib/ipsec/plugins")


@contextlib.contextmanager
def held():
    """Recordings run side by side; the first fetches."""
    FOLDER.mkdir(exist_ok=True)
    with open(FOLDER / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def shell(text, folder):
    subprocess.run(["bash", "-euc", text], cwd=folder, check=True, timeout=600,
                   capture_output=True)


def libreswan():
    """The folder of libreswan, unpacked: its package and strongSwan's exclude each other."""
    target = FOLDER / "libreswan"
    with held():
        if not target.exists():
            work = FOLDER / "unpacking"
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
            shell("apt-get download libreswan; dpkg -x libreswan_*.deb .; rm libreswan_*.deb", work)
            work.rename(target)
            os.makedirs("/usr/libexec/ipsec", exist_ok=True)
    return target


SOURCES = """
from="-o Dir::Etc::sourcelist=$PWD/sources -o Dir::Etc::sourceparts=/dev/null
    -o Dir::State::lists=$PWD/lists"
apt-get $from update
apt-get $from source --download-only strongswan
tar xf strongswan_5.9.8.orig.tar.bz2
"""


@contextlib.contextmanager
def strongswan_sources():
    """A folder with strongSwan's sources in it, which goes afterwards."""
    work = FOLDER / "building"
    shutil.rmtree(work, ignore_errors=True)
    (work / "lists/partial").mkdir(parents=True)
    (work / "sources").write_text(
        "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
        " http://deb.debian.org/debian bookworm main\n")
    shell(SOURCES, work)
    yield work
    shutil.rmtree(work)


# What the plugin's sources must know of how Debian built the library: the mediation extension
# changes the layout of its tables.
CONFIGURATION = "-DCONFIG_H_INCLUDED -DHAVE_STDBOOL_H -DHAVE_SIGWAITINFO -DME -D_GNU_SOURCE"


def plugins():
    """A folder of charon's plugins with save-keys among them, which Debian does not build."""
    target = FOLDER / "plugins"
    with held():
        if not target.exists():
            with strongswan_sources() as work:
                shell(f"""
                    cp -r {PLUGINS} plugins
                    cd strongswan-5.9.8/src
                    cc -shared -fPIC -O1 -w {CONFIGURATION} -Ilibstrongswan -Ilibcharon \
                        libcharon/plugins/save_keys/*.c \
                        -o ../../plugins/libstrongswan-save-keys.so
                    """, work)
                (work / "plugins").rename(target)
    return target


def charon_without_ikev2():
    """A charon that was built for IKEv1 only."""
    target = FOLDER / "charon-without-ikev2"
    with held():
        if not target.exists():
            with strongswan_sources() as work:
                shell(f"""
                    cd strongswan-5.9.8
                    ./configure --prefix={target} --disable-defaults --enable-charon \
                        --enable-ikev1 --enable-openssl --enable-random --enable-nonce \
                        --enable-hmac --enable-kdf --enable-kernel-netlink \
                        --enable-socket-default --enable-vici
                    make -j2
                    make install
                    """, work)
    return target / "libexec/ipsec/charon"

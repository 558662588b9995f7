"""What goes into the root file system of each implementation."""

from __future__ import annotations

import difflib
import hashlib
import re
from dataclasses import dataclass

from parley.errors import UsageError

DEFAULT_SUITE = "trixie"

# The root in which trees of sources are compiled, and the one of the hosts of Libreswan's own suite.
TOOLCHAIN = "toolchain"
FEDORA_LIKE = "fedora-like"
# The root of the host that serves a share (platform.nfs).
NFS_SERVER = "nfs-server"

# Raise it when rootfs.sh changes what an image holds: all images are then made anew.
_FORMAT = 1

_COMMON_PACKAGES = (
    *("bash", "ethtool", "iproute2", "iptables", "iputils-ping", "kmod"),
    *("netcat-openbsd", "nftables", "procps", "tcpdump"),
)

_EXCLUDED = ("/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*")

# Mount points, and the file a host's own /etc/hosts is bound over: the root is read-only.
_COMMON_HOOKS = (
    'mkdir -p "$1/usr/lib/modules" "$1/testing" "$1/parley" "$1/mnt"',
    'printf "127.0.0.1 localhost\\n::1 localhost\\n" >"$1/etc/hosts"',
    'echo localhost >"$1/etc/hostname"; rm -f "$1/etc/resolv.conf"; : >"$1/etc/resolv.conf"',
)


@dataclass(frozen=True, slots=True)
class Implementation:
    """An IKE daemon as Debian packages it: `packages[0]` is the one whose version is the daemon's."""

    packages: tuple[str, ...]
    hooks: tuple[str, ...] = ()


IMPLEMENTATIONS = {
    "libreswan": Implementation(
        # The compiler makes the library that tells IKE keys (daemon/libreswan/keylog.c): 0.3 MB.
        ("libreswan", "libnss3-tools", "tcc"),
        # Made here once, the key database costs no host 0.4 s of its start.
        (
            'chroot "$1" certutil -N -d sql:/var/lib/ipsec/nss --empty-password',
            'chroot "$1" ipsec checknss',
        ),
    ),
    "openiked": Implementation(("openiked",)),
    "strongswan": Implementation(
        (
            *("strongswan-swanctl", "charon-systemd", "strongswan-pki", "libcharon-extra-plugins"),
            *("libcharon-extauth-plugins", "libstrongswan-extra-plugins", "libstrongswan-standard-plugins"),
        ),
    ),
}

# Roots that are no implementation: what others are compiled in, and what they are laid into.
ROOTS = {
    NFS_SERVER: Implementation(("nfs-kernel-server", "rpcbind")),
    TOOLCHAIN: Implementation(
        (
            *("gcc", "bison", "cmake", "flex", "g++", "gawk", "git", "gperf", "libc6-dev", "make", "pkgconf"),
            *("autoconf", "automake", "gettext", "libtool", "python3"),
            # Libreswan
            *("libaudit-dev", "libcap-ng-dev", "libcurl4-openssl-dev", "libevent-dev", "libldns-dev"),
            *("libnspr4-dev", "libnss3-dev", "libnss3-tools", "libpam0g-dev", "libseccomp-dev"),
            *("libselinux1-dev", "libunbound-dev", "libsystemd-dev"),
            # strongSwan and OpenIKED
            *("libgmp-dev", "libssl-dev"),
        ),
    ),
    FEDORA_LIKE: Implementation(
        (
            *(
                "base-files",
                "bind9-dnsutils",
                "conntrack",
                "fping",
                "gawk",
                "gdb",
                "ike-scan",
                "iputils-arping",
            ),
            *(
                "libfaketime",
                "locales",
                "libnss3-tools",
                "lsof",
                "net-tools",
                "ncat",
                "nsd",
                "openssl",
            ),
            *("openssh-client", "openssh-server", "psmisc", "python3-minimal", "python3-openssl"),
            *(
                "bind9-utils",
                "bsdextrautils",
                "curl",
                "gnutls-bin",
                "libcap-ng-utils",
                "make",
                "softhsm2",
                "xxd",
            ),
            *("python3-pexpect", "rsync", "socat", "strace", "tcc", "unbound", "valgrind", "xl2tpd"),
            # What a Libreswan that is compiled for it links with
            *("libaudit1", "libcap-ng0", "libcurl4t64", "libevent-2.1-7t64", "libevent-pthreads-2.1-7t64"),
            *(
                "libldns3t64",
                "libnss3",
                "libpam0g",
                "libseccomp2",
                "libselinux1",
                "libunbound8",
                "libsystemd0",
            ),
            *("strongswan-starter", "strongswan-charon", "strongswan-swanctl", "strongswan-pki"),
            *(
                "libcharon-extauth-plugins",
                "libcharon-extra-plugins",
                "libstrongswan-extra-plugins",
                "libstrongswan-standard-plugins",
            ),
        ),
        # Both scripts and commands typed at a prompt are bash's there.
        (
            'ln -sf bash "$1/bin/sh"',
            # The language of Fedora's installer, and thus of every `sort` in a reference.
            # Fedora's nc is this one.
            'ln -sf ncat "$1/usr/bin/nc"',
            # Where nothing else is said charon loads every plugin, and this one takes the kernel's place.
            'rm -f "$1"/usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so',
            'chroot "$1" localedef -i en_US -f UTF-8 en_US.UTF-8',
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides what an image holds, but for what the suite offers on the day it is made."""

    name: str
    implementation: str
    suite: str
    packages: tuple[str, ...]
    hooks: tuple[str, ...]
    excluded: tuple[str, ...] = _EXCLUDED

    @property
    def text(self) -> str:
        """The recipe as it is recorded, one fact a line."""
        lines = [f"format {_FORMAT}", f"suite {self.suite}"]
        lines += [f"package {package}" for package in sorted(self.packages)]
        lines += [f"hook {hook}" for hook in self.hooks]
        lines += [f"exclude {path}" for path in self.excluded]
        return "\n".join(lines) + "\n"

    @property
    def digest(self) -> str:
        """The first 12 hexadecimal digits of SHA-256 over `text`."""
        return digest(self.text)


def digest(text: str) -> str:
    """The first 12 hexadecimal digits of SHA-256 over `text`."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def split_name(name: str) -> tuple[str, str]:
    """Split NAME@SUITE; the suite is empty when none is given. Raises UsageError if it is no word."""
    stem, at, suite = name.partition("@")
    if at and not re.fullmatch(r"[a-z][a-z0-9-]*", suite):
        raise UsageError(f"{name}: {suite!r} is no Debian suite", hint=f"{stem}@{DEFAULT_SUITE}, {stem}@sid")
    return stem, suite


def recipe(name: str) -> Recipe:
    """The recipe of IMPLEMENTATION or IMPLEMENTATION@SUITE. Raises UsageError for an unknown one."""
    stem, suite = split_name(name)
    known = IMPLEMENTATIONS | ROOTS
    if stem not in known:
        near = difflib.get_close_matches(stem, IMPLEMENTATIONS, 1) or list(IMPLEMENTATIONS)
        raise UsageError(f"there is no implementation {stem!r}", hint=", ".join(near))
    parts = known[stem]
    suite = suite or DEFAULT_SUITE
    return Recipe(
        name=stem if suite == DEFAULT_SUITE else f"{stem}@{suite}",
        implementation=stem,
        suite=suite,
        packages=(*parts.packages, *_COMMON_PACKAGES),
        hooks=(*_COMMON_HOOKS, *parts.hooks),
    )

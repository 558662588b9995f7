"""How each implementation is compiled from a tree of its sources, and laid into an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.errors import UsageError
from parley.image.recipe import FEDORA_LIKE, split_name
from parley.near import nearest

if TYPE_CHECKING:
    from pathlib import Path

# The options its references assume: what `ipsec status` prints hangs on them (testing/kvm/Makefile).
_LIBRESWAN_OPTIONS = (
    "INITSYSTEM=systemd SYSTEMUNITDIR=/usr/lib/systemd/system NSSDIR=/etc/ipsec.d SD_RESTART_TYPE=no "
    "USE_LINUX_AUDIT=true USE_SECCOMP=true USE_LABELED_IPSEC=true"
)

# What was linked with goes along: the image that it is laid into may lack some of it.
_COLLECT = """\
mkdir -p /install/usr/share/parley/libraries
find /install -type f -exec ldd {} + 2>/dev/null | sed -n 's/.* => \\(\\/[^ ]*\\) (.*/\\1/p' | sort -u |
    xargs -r cp -L -t /install/usr/share/parley/libraries
"""

_LIBRESWAN = f"""\
cd /src
options='{_LIBRESWAN_OPTIONS}'
make -j"$(nproc)" base $options
make install-base DESTDIR=/install $options
make -s showversion >/version
"""

_STRONGSWAN = """\
cd /src
[ -x configure ] || ./autogen.sh
[ -f Makefile ] || ./configure --prefix=/usr --sysconfdir=/etc --libexecdir=/usr/lib \
    --with-ipsecdir=/usr/lib/ipsec \
    --enable-systemd --with-systemdsystemunitdir=/usr/lib/systemd/system --disable-stroke --disable-charon \
    --enable-swanctl --enable-vici --enable-openssl --enable-gcm --enable-ccm --enable-ctr --enable-chapoly \
    --enable-ml --enable-save-keys --enable-eap-identity --enable-eap-mschapv2 --enable-eap-tls \
    --enable-eap-md5 --enable-md4 --enable-counters --enable-bypass-lan=no
make -j"$(nproc)"
make install DESTDIR=/install
sed -n 's/^PACKAGE_VERSION = //p' Makefile >/version
"""

_OPENIKED = """\
mkdir -p /src/parley-build
cd /src/parley-build
[ -f Makefile ] || cmake -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_SYSCONFDIR=/etc \
    -DCMAKE_INSTALL_RUNSTATEDIR=/run \
    -DCMAKE_BUILD_TYPE=RelWithDebInfo ..
make -j"$(nproc)"
make install DESTDIR=/install
sed -n 's/^#define IKED_VERSION[[:space:]]*"\\(.*\\)"/\\1/p' /src/iked/version.h >/version
"""

_UNPACK = """\
tar -C / --keep-directory-symlink -xf /layer.tar
ldconfig
for library in /usr/share/parley/libraries/*; do
    ldconfig -p | grep -q "/${library##*/}$" || cp "$library" /usr/local/lib/
done
rm -rf /usr/share/parley/libraries
ldconfig
"""

# Drivers and users call what they know of the package by the package's names.
_LAY_LIBRESWAN = f"""\
rm -rf /usr/libexec/ipsec /usr/sbin/ipsec /var/lib/ipsec/nss
{_UNPACK}
ln -s /usr/local/libexec/ipsec /usr/libexec/ipsec
ln -s /usr/local/sbin/ipsec /usr/sbin/ipsec
ln -s /etc/ipsec.d /var/lib/ipsec/nss
mkdir -p /etc/ipsec.d
[ -f /etc/ipsec.d/cert9.db ] || certutil -N -d sql:/etc/ipsec.d --empty-password
ipsec checknss
"""

# Plugins of another version cannot be loaded, and their configuration would ask for them.
_LAY_STRONGSWAN = f"rm -rf /usr/lib/ipsec /etc/strongswan.d/charon/*\n{_UNPACK}"

# Its own suite finds the keys that its own scripts make: newer trees have a makefile for it.
_LAY_SUITE = f"""\
{_UNPACK}
keys=/usr/share/parley/x509
mkdir -p "$keys"
cp -R /src/testing/x509/. "$keys"
cd "$keys"
mount --bind /src/testing /testing
if [ -f Makefile ]; then
    make
else
    ./generate.sh "$keys"
    ./dist_certs.py
    # Debian's NSS cannot take a private key out of what Debian's python3-cryptography puts into one.
    find pkcs12 -name '*.p12' | while read -r file; do
        openssl pkcs12 -in "$file" -passin file:nss-pw -nodes -out /tmp/keys.pem
        openssl pkcs12 -export -in /tmp/keys.pem -name "$(basename "$file" .p12)" -passout file:nss-pw \\
            -out "$file"
    done
    ./crl.sh "$keys"
    ./selfsigned.sh "$keys/selfsigned"
fi
# The zones of its DNS server, signed by its own script too; without them only the cases of DNSSEC suffer.
zones=$(cd /testing && find . -name generate-dnssec.sh -printf '%h\\n' | head -n 1)
if [ -n "$zones" ]; then
    cp -R "/testing/$zones" /usr/share/parley/dnssec
    echo "$zones" >/usr/share/parley/dnssec.place
    cd /usr/share/parley/dnssec
    mount --bind . "/testing/$zones"
    ./generate-dnssec.sh || echo "no zones could be signed"
    cd /
    umount "/testing/$zones"
fi
cd /
umount /testing
"""


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A kind of source tree: `marker` is a file that it has, relative to its top.

    `build` and what lays the result into an image are scripts for source.sh. `ignored` are directories
    that do not go into a build.
    """

    implementation: str
    marker: str
    build: str
    lay: str
    ignored: tuple[str, ...] = ()

    def lay_into(self, base: str) -> str:
        """The script that lays what was compiled into the image called `base`."""
        return _LAY_SUITE if base == FEDORA_LIKE else self.lay


KINDS = {
    kind.implementation: kind
    for kind in (
        # The cases are the suite's business: a changed reference compiles nothing anew.
        SourceKind(
            "libreswan",
            "programs/pluto/Makefile",
            _LIBRESWAN + _COLLECT,
            _LAY_LIBRESWAN,
            ("testing/pluto/*/", "OBJ.*"),
        ),
        SourceKind("strongswan", "src/libcharon/Makefile.am", _STRONGSWAN + _COLLECT, _LAY_STRONGSWAN),
        SourceKind("openiked", "iked/iked.h", _OPENIKED + _COLLECT, _UNPACK, ("parley-build",)),
    )
}


def source_kind(implementation: str, tree: Path) -> SourceKind:
    """The kind of `tree`, sources of IMPLEMENTATION. Raises UsageError if it is none."""
    stem, _ = split_name(implementation)
    if stem not in KINDS:
        raise UsageError(f"{implementation} is not compiled from a tree", hint=nearest(stem, KINDS))
    if not tree.is_dir():
        raise UsageError(f"there is no directory {tree}")
    kind = KINDS[stem]
    if not (tree / kind.marker).is_file():
        others = [name for name, other in KINDS.items() if (tree / other.marker).is_file()]
        hint = f"it looks like {others[0]}" if others else "the top of a checkout or an unpacked release"
        raise UsageError(f"{tree} is no source tree of {stem}: it has no {kind.marker}", hint=hint)
    return kind

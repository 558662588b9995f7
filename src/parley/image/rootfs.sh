# Makes root.ext4 and packages.txt in the current directory, as root in namespaces of its own.
# usage: rootfs.sh SUITE MIRROR DOWNLOADS MMDEBSTRAP-OPTION...
set -eu
suite=$1 mirror=$2 downloads=$3
shift 3
# A first try may have ended here: without namespaces its tree is still there.
rm -rf work
mkdir work
# In memory the tree costs no writes, and it vanishes with the namespace however the build ends.
mount -t tmpfs -o mode=755 parley work 2>/dev/null || :
export TMPDIR="$PWD/work"
tree=$TMPDIR/tree
archives=$tree/var/cache/apt/archives
mkdir -p "$archives"
cp "$downloads"/*.deb "$archives/" 2>/dev/null || :
mmdebstrap --mode=root --variant=minbase --architectures=amd64 \
    --skip=check/empty,chroot/mount/sys,essential/unlink,cleanup/apt/cache \
    "$@" "$suite" "$tree" "$mirror"
for deb in "$archives"/*.deb; do
    [ -e "$downloads/${deb##*/}" ] && continue
    # Another build may read them at the same time: each appears whole.
    cp "$deb" deb.tmp
    mv deb.tmp "$downloads/${deb##*/}"
done
find "$downloads" -name '*.deb' -mtime +60 -delete
rm -rf "$archives" "$tree"/var/cache/apt/*.bin
# The guest's kernel mounts devtmpfs there; what mmdebstrap leaves differs between users.
find "$tree/dev" -xdev -mindepth 1 -delete
dpkg-query --admindir="$tree/var/lib/dpkg" --show --showformat='${Package} ${Version}\n' >packages.txt
size=$(du -sk "$tree" | cut -f1)
# Inode tables take 2 %; the rest is slack for directories, of which a read-only file system needs little.
mke2fs -q -t ext4 -b 4096 -O ^has_journal -m 0 -d "$tree" root.ext4 "$((size * 112 / 100 + 16384))k"
umount work 2>/dev/null || :
rm -rf work

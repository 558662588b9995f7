# Runs a script in a root file system of Debian's, as root in namespaces of its own.
# usage: source.sh ROOT.ext4 TREE SCRIPT install|image [LAYER.tar]
# Inside, TREE is /src and keeps what is written to it; LAYER is /layer.tar.
# install: install.tar is what SCRIPT put into /install, version.txt what it wrote to /version.
# image: root.ext4 is the whole root as SCRIPT left it.
set -eu
image=$1 tree=$2 script=$3 result=$4 layer=${5-}
# A first try may have ended here: without namespaces its root is still there.
rm -rf work
mkdir work
# In memory the root costs no writes, and it vanishes with the namespace however the build ends.
mount -t tmpfs -o mode=755 parley work 2>/dev/null || :
root=$PWD/work/root
mkdir "$root"
debugfs -R "rdump / $root" "$image" 2>/dev/null
# debugfs restores no sticky bits.
chmod 1777 "$root/tmp" "$root/var/tmp"
mkdir "$root/src" "$root/install"
mount --bind "$tree" "$root/src"
mount -t proc proc "$root/proc" 2>/dev/null || mount --rbind /proc "$root/proc"
for device in null zero full random urandom; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
cp "$script" "$root/script.sh"
[ -z "$layer" ] || cp "$layer" "$root/layer.tar"
chroot "$root" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin sh -e /script.sh
umount "$root/dev/null" "$root/dev/zero" "$root/dev/full" "$root/dev/random" "$root/dev/urandom"
umount -R "$root/proc" "$root/src"
if [ "$result" = install ]; then
    tar -C "$root/install" -cf install.tar .
    cp "$root/version" version.txt
else
    find "$root/dev" -xdev -mindepth 1 -delete
    rm -rf "$root/install" "$root/src" "$root/script.sh" "$root/layer.tar" "$root/lost+found" "$root"/tmp/*
    size=$(du -sk "$root" | cut -f1)
    mke2fs -q -t ext4 -b 4096 -O ^has_journal -m 0 -d "$root" root.ext4 "$((size * 112 / 100 + 16384))k"
fi
umount work 2>/dev/null || :
rm -rf work

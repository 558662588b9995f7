#!/bin/sh
# First process of a Linux guest in an emulated PC, in memory. It makes the machine look as User-mode Linux
# does, so that what comes after it need not know: three lines ttyS0 to ttyS2, cards vec0 and up, the share
# at /mnt, modules mounted and the common ones loaded. pc_desk.sh goes on from here, in the image.
export PATH=/bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
for module in /modules/*; do
    case $module in
    *-dummy.ko) insmod "$module" numdummies=0 ;;
    *) insmod "$module" ;;
    esac
done
for line in 0 1 2; do
    rm -f /dev/ttyS$line
    ln -s hvc$line /dev/ttyS$line
done
number=0
while ip link set eth$number name vec$number 2>/dev/null; do number=$((number + 1)); done
# A disk of its own (image/disk.py) has what it booted from, the root, modules.
root=vda modules=vdb
[ -b /dev/vdb ] || root=vda2 modules=vda3
mount -t ext4 -o ro /dev/$root /root
mount -t ext4 -o ro /dev/$modules /root/usr/lib/modules
mount --move /dev /root/dev
mount --move /proc /root/proc
mount -t tmpfs run /root/run
cp -a /bin /desk.sh /fstab /root/run
exec switch_root /root /bin/sh /run/desk.sh </root/dev/null >/root/dev/console 2>&1

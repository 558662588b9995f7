#!/bin/sh
# First process of a Linux guest in an emulated PC, in memory. It makes the machine look as User-mode Linux
# does, so that what comes after it need not know: three lines ttyS0 to ttyS2, cards vec0 and up, the share
# at /mnt, modules on /dev/ubdb and the common ones loaded. Up to `ready` nothing depends on the case: there
# a guest is saved, and restored.
export PATH=/bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
for module in /modules/*; do
    case $module in
    *-dummy.ko) insmod "$module" numdummies=0 ;;
    *) insmod "$module" ;;
    esac
done
rm -r /modules
for line in 0 1 2; do
    rm -f /dev/ttyS$line
    ln -s hvc$line /dev/ttyS$line
done
if [ -b /dev/vdb ]; then
    mount -t ext4 -o ro /dev/vda /root
    ln -s vdb /dev/ubdb
else
    # A disk of its own (image/disk.py): what it booted from, the root, modules.
    mount -t ext4 -o ro /dev/vda2 /root
    ln -s vda3 /dev/ubdb
fi
# What every host starts next, started here: its pages are then in memory, and saved with it.
for program in bash chroot dash ip mkdir mount pgrep stty; do
    chroot /root $program --version
done </dev/null >/dev/null 2>&1
# Open for good before anything else: what was sent to a line that is closed again is lost.
exec 3<>/dev/hvc3
stty raw -echo <&3
echo ready >&3
# go|resume SCRIPT SECONDS-SINCE-1970 MAC...
read -r word script now macs <&3
if [ "$word" = resume ]; then
    # Guests that go on from one saved state must not draw the same random numbers.
    tries=0
    until dmesg | grep -q 'virtual machine fork'; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || { echo 'random numbers not renewed' >/dev/console; exit 1; }
        sleep 0.05
    done
fi
date -s "@$now" >/dev/null
number=0
for mac in $macs; do
    ip link set eth$number address "$mac" name vec$number
    number=$((number + 1))
done
echo going >&3
exec 3>&-
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=none share /root/mnt || exit 1
mount --move /dev /root/dev
umount /proc
umount /sys
exec switch_root /root /bin/sh "/mnt/$script" </root/dev/null >/root/dev/console 2>&1

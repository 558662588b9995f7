# First process of a host, in its read-only root; the share is at /mnt. Few processes, few system
# calls: each costs milliseconds under User-mode Linux.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
here=/mnt/$PARLEY_HOST
mount -t proc proc /proc
if [ -b /dev/ubdb ]; then
    mount -t ext4 -o ro /dev/ubdb /usr/lib/modules
    modprobe -a -q $(cat "$here/modules")
fi
# From here on a miss costs nothing: daemons ask for about 100 algorithms that no module has.
echo >/proc/sys/kernel/modprobe
mount -t tmpfs tmpfs /tmp
mkdir /tmp/upper /tmp/work /tmp/root
mount -a -T "$here/fstab"
echo "$PARLEY_HOST" >/proc/sys/kernel/hostname
while read -r name value; do
    [ -e "/proc/sys/$name" ] && echo "$value" >"/proc/sys/$name"
done <"$here/sysctl"
ip -batch "$here/network"
exec chroot /tmp/root /bin/sh -c '. /parley/prepare.sh; sh /parley/agent.sh & wait'

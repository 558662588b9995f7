# From a read-only root to a running host: a writable root over it, addresses, and the agent. Goes on from
# boot.sh where the host has a kernel of its own, and in namespaces of its own where several share one.
mount -t tmpfs tmpfs /tmp
mkdir /tmp/upper /tmp/work /tmp/root
mount -a -T "$here/fstab"
echo "$PARLEY_HOST" >/proc/sys/kernel/hostname
while read -r name value; do
    [ -e "/proc/sys/$name" ] && echo "$value" >"/proc/sys/$name"
done <"$here/sysctl"
ip -batch "$here/network"
exec chroot /tmp/root /bin/sh -c '. /parley/prepare.sh; sh /parley/agent.sh & wait'

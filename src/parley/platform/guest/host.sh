# A host that has a root becomes the one that it is to be: settings, addresses, and the agent. Goes on from
# boot.sh where the host has a kernel of its own, and in namespaces of its own where several share one.
echo "$PARLEY_HOST" >/proc/sys/kernel/hostname
# Read as a script: the shell's `read` asks for one byte at a time, each a question to the share.
key() {
    [ ! -e "/proc/sys/$1" ] || echo "$2" >"/proc/sys/$1"
}
. "$here/sysctl"
ip -batch "$here/network"
exec chroot /tmp/root /bin/sh -c '. /parley/prepare.sh; (. /parley/agent.sh) & wait' agent $prepared

# Goes on from boot.sh in a kernel that several hosts share, each in namespaces of its own. Their cards are
# veth pairs whose other ends, here, are ports of a bridge per segment.
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /srv
while read -r device; do
    mkdir "/srv/$device"
    mount -t ext4 -o ro "/dev/$device" "/srv/$device"
done <"$here/roots"
# Nothing may appear on a segment but what hosts send.
echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
# Nor may a host have tunnel devices that nobody asked for (tunl0, gre0); those for VTI need VTI's.
read -r modules <"$here/modules"
case " $modules " in
*" ip_vti "*) ;;
*) echo 1 >/proc/sys/net/core/fb_tunnels_only_for_init_net ;;
esac
ip -batch "$here/wires"
tc -batch "$here/taps"
# Every frame as it comes in from a host, before anything is done to it; -U: written at once.
tcpdump -i wire -w "$here/wire.pcap" -U -s 0 --immediate-mode --time-stamp-precision=nano -Z root 2>"$here/tcpdump" &
# Its socket is the second line of the table: from then on no frame is missed.
until { read -r _ && read -r _; } </proc/net/packet; do sleep 0.01; done
# A machine that has been up for less than a second has a clock at 0, which daemons take for "never". This
# minute passes at once.
sleep 60
# Each agent, the lab's too, ends the order to boot.
[ -e /proc/um_time ] && echo 1 >/proc/um_time
while read -r host; do
    [ -e /proc/um_time ] && echo 1 >/proc/um_time
    ip netns exec "$host" unshare --mount --pid --ipc --uts --fork sh "/mnt/$host/boot.sh" &
done <"$here/hosts-here"

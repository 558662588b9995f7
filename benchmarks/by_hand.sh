#!/bin/sh
# What one writes without a lab: two network namespaces of one kernel, strongSwan in each, a tunnel between
# them, traffic, both kernels' states, teardown. It captures nothing, judges nothing and keeps nothing.
# usage: by_hand.sh DIRECTORY   with east.swanctl.conf and west.swanctl.conf in it
set -eu
cd "$1"

in_host() { ip netns exec "$@"; }
swanctl_of() { host=$1; shift; in_host "$host" env SWANCTL_DIR="/tmp/$host" swanctl "$@" --uri "unix:///tmp/$host/vici"; }

ip link add west type veth peer name east
for host in west east; do
    ip netns add $host
    ip link set $host netns $host
    mkdir -p /tmp/$host
    cp $host.swanctl.conf /tmp/$host/swanctl.conf
    cat >/tmp/$host/strongswan.conf <<END
charon-systemd {
    load_modular = yes
    plugins {
        include /etc/strongswan.d/charon/*.conf
        vici {
            socket = unix:///tmp/$host/vici
        }
    }
}
END
done
in_host west ip address add 192.1.2.45/24 dev west
in_host east ip address add 192.1.2.23/24 dev east
in_host west ip address add 192.0.1.254/24 dev lo
in_host east ip address add 192.0.2.254/24 dev lo
for host in west east; do
    in_host $host ip link set lo up
    in_host $host ip link set $host up
done
in_host west ip route add 192.0.2.0/24 via 192.1.2.23
in_host east ip route add 192.0.1.0/24 via 192.1.2.45

daemons=
for host in west east; do
    in_host $host env STRONGSWAN_CONF=/tmp/$host/strongswan.conf charon-systemd >/tmp/$host/log 2>&1 &
    daemons="$daemons $!"
done
for host in west east; do
    until swanctl_of $host --stats >/dev/null 2>&1; do sleep 0.05; done
    swanctl_of $host --load-all --noprompt >/dev/null
done

swanctl_of west --initiate --child west-east >/dev/null
for size in 56 1300 3000; do
    in_host west ping -q -c 1 -W 2 -s $size -I 192.0.1.254 192.0.2.254 >/dev/null
    in_host east ping -q -c 1 -W 2 -s $size -I 192.0.2.254 192.0.1.254 >/dev/null
done
for host in west east; do
    swanctl_of $host --list-sas >/tmp/$host/sas
    in_host $host ip xfrm state >/tmp/$host/state
    in_host $host ip xfrm policy >/tmp/$host/policy
    test -s /tmp/$host/state
done
swanctl_of west --terminate --ike west-east >/dev/null

kill $daemons
wait
ip netns delete west
ip netns delete east
rm -rf /tmp/west /tmp/east

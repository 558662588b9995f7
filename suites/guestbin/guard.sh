#!/bin/sh
# Lets nothing pass in clear between the protected networks, in either direction: what comes through
# then came through a tunnel. A daemon's own policies are preferred to it.
# usage: guard.sh up|down
. ../../guestbin/lib.sh
case $1 in
up) word=add ;;
down) word=delete ;;
*) die "usage: guard.sh up|down" ;;
esac

# One bit wider than the networks, because daemons replace a policy with the very same selector.
pairs='192.0.0.0/23 192.0.2.0/23
2001:db8::/63 2001:db8:0:2::/63'

linux() {
    echo "$pairs" | while read -r one other; do
        for pair in "$one dst $other" "$other dst $one"; do
            for direction in in out fwd; do
                case $1 in
                add) echo "xfrm policy add src $pair dir $direction priority 4000000000 action block" ;;
                delete) echo "xfrm policy delete src $pair dir $direction" ;;
                esac
            done
        done
    done | ip -batch - || die "cannot $1 the block policies"
}

# pf passes what IPsec decapsulated on enc0, and blocks the same packets anywhere else.
openbsd() {
    case $1 in
    add)
        # An anchor counts only where the main rules name it.
        {
            echo 'anchor "parley" {'
            echo "$pairs" | while read -r one other; do
                echo "block drop quick on ! enc0 from $one to $other"
                echo "block drop quick on ! enc0 from $other to $one"
            done
            echo '}'
        } | pfctl -q -f - || die "cannot load the block rules"
        pfctl -q -e || true
        ;;
    delete)
        pfctl -q -a parley -F rules
        pfctl -q -d || true
        ;;
    esac
}

case $system in
Linux) linux "$word" ;;
OpenBSD) openbsd "$word" ;;
esac

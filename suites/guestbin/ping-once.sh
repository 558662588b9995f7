#!/bin/sh
# Pings once with each of three sizes: small, just below the MTU of a tunnel, beyond it (fragments).
# usage: ping-once.sh --up|--down SOURCE DESTINATION   --down: nothing may come back
. ../../guestbin/lib.sh
case $1 in
--up) expected=up wait=5 sizes='56 1300 3000' ;;
--down) expected=down wait=0.05 sizes=56 ;;
*) die "usage: ping-once.sh --up|--down SOURCE DESTINATION" ;;
esac
case $system in
OpenBSD)
    # Whole seconds only.
    wait=${wait%.*}
    [ "$wait" -gt 0 ] || wait=1
    ;;
esac
for size in $sizes; do
    found=down
    case $system in
    OpenBSD) ping -n -q -c 1 -w $wait -s $size -I "$2" "$3" >/dev/null 2>&1 && found=up ;;
    *) ping -n -q -c 1 -W $wait -s $size -I "$2" "$3" >/dev/null 2>&1 && found=up ;;
    esac
    echo "$size bytes: $found"
    [ $found = $expected ] || echo "UNEXPECTED: $2 -> $3 should be $expected"
done

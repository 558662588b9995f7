#!/bin/sh
# The IPsec policies in the kernel, in the words of the system. Left out: those of the daemons' own
# sockets, and those of guard.sh, which are the case's business and no daemon's.
. ../../guestbin/lib.sh
case $system in
Linux)
    ip xfrm policy list nosock | awk '
        /^[^\t]/ { selector = $0; next }
        selector != "" { guard = /action block priority 4000000000 /; if (!guard) print selector; selector = "" }
        !guard { print }'
    ;;
OpenBSD) exec ipsecctl -s flow ;;
FreeBSD) exec setkey -DP ;;
esac

#!/bin/sh
# The SAs in the kernel, in the words of the system.
. ../../guestbin/lib.sh
case $system in
Linux) exec ip xfrm state ;;
OpenBSD) exec ipsecctl -s sa ;;
FreeBSD) exec setkey -D ;;
esac

#!/bin/sh
# Returns when the kernel holds no SA; shows what is left when that does not come true.
. ../../guestbin/lib.sh
tries=100
while [ -n "$(. ../../guestbin/kernel-state.sh)" ]; do
    tries=$((tries - 1))
    if [ $tries -eq 0 ]; then
        ../../guestbin/kernel-state.sh
        exit 1
    fi
    sleep 0.05
done
echo "no SA"

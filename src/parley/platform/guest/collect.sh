# After the last step: what the kernel holds, then every daemon stopped, then what is left of it.
# $1: the daemons' process names. Everything is written where the host reads it, never over the network.
# Few processes: each costs ten milliseconds under User-mode Linux.
state=/parley/state
kernel() {
    ip xfrm state >$state/xfrm-state$1
    ip xfrm policy >$state/xfrm-policy$1
    ip route show table all >$state/routes$1
}
alive() {
    for pid in $pids; do [ -d /proc/$pid ] && return; done
    return 1
}
kernel ''
ps -eo pid,ppid,stat,comm,args >$state/processes
pids=$(pgrep -x -d ' ' "$1")
: >$state/unstoppable
if [ -n "$pids" ]; then
    kill -TERM $pids
    tries=0
    while alive && [ $tries -lt 100 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    if alive; then pgrep -x -l "$1" >$state/unstoppable; fi
    kernel .left
else
    for name in xfrm-state xfrm-policy routes; do cp $state/$name $state/$name.left; done
fi
# Last, because a daemon may crash while it ends.
dmesg >$state/dmesg
: >$state/cores
for core in /var/crash/*; do
    if [ -f "$core" ]; then
        echo "${core##*/}" >>$state/cores
        cp "$core" /parley/core/
    fi
done
true

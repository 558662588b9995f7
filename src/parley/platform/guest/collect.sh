# After the last step: what the kernel holds, then every daemon stopped, then what is left of it.
# $1: the daemons' process names. Everything is written where the host reads it, never over the network.
state=/parley/state
{ ip xfrm state; } >$state/xfrm-state
{ ip xfrm policy; } >$state/xfrm-policy
{ ip -4 route show table all; ip -6 route show table all; } >$state/routes
ps -eo pid,ppid,stat,comm,args >$state/processes
dmesg >$state/dmesg
alive=$(pgrep -x -d ' ' "$1")
if [ -n "$alive" ]; then
    kill -TERM $alive
    tries=0
    while pgrep -x "$1" >/dev/null && [ $tries -lt 100 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    pgrep -x -l "$1" >$state/unstoppable
    { ip xfrm state; } >$state/xfrm-state.left
    { ip xfrm policy; } >$state/xfrm-policy.left
else
    : >$state/unstoppable
    cp $state/xfrm-state $state/xfrm-state.left
    cp $state/xfrm-policy $state/xfrm-policy.left
fi
ls /var/crash >$state/cores
for core in /var/crash/*; do
    [ -f "$core" ] && cp "$core" /parley/core/
done
true

# After the last step: what the kernel holds, then every daemon stopped, then what is left of it.
# $1: the daemons' process names, A|B|C. The functions `sas` and `policies` stand before this.
state=/parley/state
daemons="^($1)\$"
sas >$state/kernel-sas 2>&1
policies >$state/kernel-policies 2>&1
{ netstat -rn -f inet; netstat -rn -f inet6; } >$state/routes 2>&1
ps -axo pid,ppid,stat,command >$state/processes 2>&1
dmesg >$state/dmesg
if pgrep "$daemons" >/dev/null; then
    pkill -TERM "$daemons"
    tries=0
    while pgrep "$daemons" >/dev/null && [ $tries -lt 100 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    pgrep -l "$daemons" >$state/unstoppable
else
    : >$state/unstoppable
fi
sas >$state/kernel-sas.left 2>&1
policies >$state/kernel-policies.left 2>&1
: >$state/cores
find /var/crash /parley /testing / -xdev \( -name '*.core' -o -path '/var/crash/*' \) -type f ! -path '*/minfree' \
    ! -name bounds 2>/dev/null | sort -u | while read -r core; do
    name=$(echo "${core#/}" | tr / .)
    echo "$name" >>$state/cores
    cp "$core" "/parley/core/$name"
done
true

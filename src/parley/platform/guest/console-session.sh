# The session of a host behind a console: each step is played here, in one shell, as if typed.
# $1: the agent's directory; $2: where to start. Numbers of steps come on standard input.
export HOME=/root USER=root LOGNAME=root TERM=dumb PARLEY_HOST PARLEY_SYSTEM
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
parley=$1
echo $$ >"$parley/order/session"
[ -d "$2" ] && cd "$2"
while read -r parley_step; do
    . "$parley/step/$parley_step.sh" >"$parley/step/$parley_step.out" 2>&1 </dev/null 6>&-
    parley_status=$?
    echo "$parley_status" >"$parley/status/step.$parley_step"
    echo "<<parley done step.$parley_step $parley_status done step.$parley_step $parley_status>>" >&6
done

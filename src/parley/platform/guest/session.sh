# The session of a host: each step of a case is played here, in one shell, as if typed at a console.
# Its serial line is descriptor 6.
#   ID    play /parley/step/ID.sh; what it prints goes to ID.out    -> done ID STATUS
export HOME=/root USER=root LOGNAME=root TERM=dumb LANG=C.UTF-8 LC_ALL=C.UTF-8
# Known here, so that no helper script has to start a process to ask.
export PARLEY_HOST=$HOSTNAME PARLEY_SYSTEM=Linux
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
play() { . "$1"; }
# What a platform changes of it.
[ -f /parley/environment.sh ] && . /parley/environment.sh
[ -d "$1" ] && cd "$1"
while read -r parley_step <&6; do
    echo 1 >$clock
    play "/parley/step/$parley_step.sh" >"/parley/step/$parley_step.out" 2>&1 </dev/null 6>&-
    echo "done $parley_step $?" >&6
    echo -1 >$clock
done

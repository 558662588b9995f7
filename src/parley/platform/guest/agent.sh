# Parley's agent: answers on the first serial line, one line per request and per answer.
#   run ID      play /parley/cmd/ID.sh; out, err beside it       -> done ID STATUS
#   kill ID     end what ID started, however deep                -> (the pending done)
#   interrupt   end what the session is doing, keep the session
#   ping ID                                                      -> done ID 0
#   shell       an interactive shell on the third serial line
# Requests run side by side, so that a hanging one can't silence the agent.
# The second serial line is the session: the shell into which the steps of a case are typed.
# Virtual time goes on only while an order is under way: $clock is told of each one's begin and end.
cd /parley || exit 1
# Whatever crashes leaves a core file where the host finds it (kernel/core_pattern).
ulimit -c unlimited
# Both lines stay open for good: what the host sends to a line that nobody holds open is lost.
exec 5<>"/dev/ttyS$PARLEY_LINE" 6<>"/dev/ttyS$((PARLEY_LINE + 1))"
if [ "$1" != prepared ]; then
    stty raw -echo <&5
    stty raw -echo <&6
fi
clock=/dev/null
[ -e /proc/um_time ] && clock=/proc/um_time
export clock
# The boot was an order too (shared.sh).
echo -1 >$clock

run() {
    echo 1 >$clock
    ( . "/parley/cmd/$1.sh" ) >"cmd/$1.out" 2>"cmd/$1.err" </dev/null 5>&- 6>&-
    echo "done $1 $?" >&5
    echo -1 >$clock
}

# Stopped first, a shell in a loop starts nothing more meanwhile. sh has no local variables: the subshell
# keeps what is below from taking `child` away.
end_tree() {
    for child in $(pgrep -P "$1"); do
        kill -STOP "$child" 2>/dev/null
        (end_tree "$child")
        kill -KILL "$child" 2>/dev/null
    done
}

sessions() {
    while :; do
        bash /parley/session.sh 5>&-
        echo "gone $?" >&6
        echo -1 >$clock
    done
}

sessions &
session=$!

# Unasked: a question that came before the line was open may be stuck until there is another.
echo "done boot 0" >&5

while read -r word id <&5; do
    case $word in
    run)
        run "$id" &
        eval "pid_$id=$!"
        ;;
    kill) eval "end_tree \$pid_$id" ;;
    interrupt) for shell in $(pgrep -P "$session"); do end_tree "$shell"; done ;;
    ping) echo "done $id 0" >&5 ;;
    shell) (
        terminal=/dev/ttyS$((PARLEY_LINE + 2))
        stty -F "$terminal" sane
        while :; do
            setsid -c bash --init-file /parley/shell.sh -i <"$terminal" >"$terminal" 2>&1 5>&- 6>&-
        done
    ) & ;;
    esac
done

# Parley's agent on a host that has nothing but its serial console and two drives: POSIX sh, and no program
# beyond those of an installer's ramdisk where it can be helped. Takes the place of the shell at the console.
#   $1, $2  the drives: the lab writes a tar archive to the first, the agent one to the second
#   $3      where archives are unpacked; empty: /
#   $4      the directory, below $3, in which the session starts
# Requests: `VERB ORDER VERB ORDER`, one a line, each said twice so that a lost character is noticed.
#   run run.ID      unpack the first drive and play cmd/ID.sh
#   step step.ID    unpack it and have the session play step/ID.sh
#   put put.ORDER   write what ORDER printed, and all logs, to the second drive
#   end run.ID      end what that order started, however deep
#   interrupt x     end what the session is doing, keep the session
#   shell shell.N   an interactive shell here until it ends
#   ask ORDER       say again how it stands
# Answers, said twice as well because the kernel speaks at the same console whenever it likes:
#   <<parley have ORDER 0 ...>>   it was taken      <<parley none ORDER 0 ...>>  it was never heard of
#   <<parley done ORDER STATUS ...>>                <<parley lost ORDER STATUS ...>>  a drive cannot be used
in=$1 out=$2 root=$3 directory=$4
parley=$root/parley
cd "$parley" || exit 1
mkdir -p cmd step log state core order status "$root/$directory/OUTPUT"
# Both ends of the console stay open for good; complaints of this shell itself must not look like answers.
exec 5<&0 6>&1 2>>state/agent
stty raw -echo <&5
ulimit -c unlimited

say() {
    echo "<<parley $1 $2 $3 $1 $2 $3>>" >&6
}

finish() {
    echo "$2" >"status/$1"
    say "done" "$1" "$2"
}

run() {
    (. "$parley/cmd/$1.sh") >"cmd/$1.out" 2>"cmd/$1.err" </dev/null 5<&- 6>&-
    finish "run.$1" $?
}

# Without pgrep(1), as on a ramdisk, a process group is all that is known of what a shell started.
end_tree() {
    if ! command -v pgrep >/dev/null; then
        kill -KILL -- "-$1"
        return
    fi
    for child in $(pgrep -P "$1"); do
        kill -STOP "$child"
        (end_tree "$child")
        kill -KILL "$child"
    done
}

end() {
    read -r pid <"order/run.$1" && end_tree "$pid"
    # Where the whole group had to go, nobody is left to say how it ended.
    sleep 1
    [ -s "status/run.$1" ] || finish "run.$1" 137
}

interrupt() {
    read -r pid <order/session && end_tree "$pid"
}

# The size of a file; a ramdisk has no wc(1).
size_of() {
    set -- $(ls -ln "$1")
    echo "$5"
}

# The files of order KIND.ID, and what every daemon has said so far: a host that dies keeps nothing back.
put() {
    order=${1#put.} id=${1##*.}
    case $order in
    run.*) files="parley/cmd/$id.out parley/cmd/$id.err" ;;
    *) files=parley/step/$id.out ;;
    esac
    echo "$order" >put
    for outputs in "$root"/testing/*/*/OUTPUT; do
        [ -d "$outputs" ] && files="$files ${outputs#"$root/"}"
    done
    # One that fills the drive would keep all others back.
    for log in log/* core/*; do
        [ -f "$log" ] || continue
        if [ "$(size_of "$log")" -lt 67108864 ]; then files="$files parley/$log"; else echo "$log is too long" >&2; fi
    done
    (cd "$root/" && tar cf "$out" parley/put $files parley/state)
    finish "$1" $?
}

# The shell has the terminal's own process group, which an order never gets.
interactive() {
    set +m
    stty sane <&5
    : >"order/$1"
    say have "$1" 0
    (cd "$root/$directory" && exec "${SHELL:-/bin/sh}" -i) <&5 >&6 2>&6 5<&- 6>&-
    stty raw -echo <&5
    set -m
    finish "$1" 0
}

orders() {
    # Each order becomes a process group of its own.
    set -m
    while read -r verb order verb_again order_again <&5; do
        [ "$verb $order" = "$verb_again $order_again" ] || continue
        case $verb in
        run | step)
            if [ ! -f "order/$order" ]; then
                if ! (cd "$root/" && tar xpf "$in"); then
                    say lost "$order" 1
                    continue
                fi
                : >"order/$order"
                case $verb in
                run)
                    run "${order#run.}" &
                    echo $! >"order/$order"
                    ;;
                step)
                    echo "$order" >order/step
                    echo "${order#step.}"
                    ;;
                esac
            fi
            say have "$order" 0
            ;;
        put) if [ -s "status/$order" ]; then again "$order"; else put "$order"; fi ;;
        end) end "${order#run.}" & ;;
        interrupt) interrupt & ;;
        shell) if [ -f "order/$order" ]; then again "$order"; else interactive "$order"; fi ;;
        ask) again "$order" ;;
        esac
    done
}

again() {
    if [ -s "status/$1" ]; then
        read -r status <"status/$1"
        say "done" "$1" "$status"
    elif [ -f "order/$1" ]; then
        say have "$1" 0
    else
        say none "$1" 0
    fi
}

# One shell after the other, should a step end it; what is still to be played waits in the pipe.
sessions() {
    shell=$(command -v bash || command -v ksh || echo sh)
    set -m
    while :; do
        # In the background, so that the terminal stays with who reads the orders.
        "$shell" "$parley/session.sh" "$parley" "$root/$directory" <&7 5<&- 7<&- &
        wait $!
        status=$?
        read -r order <order/step && finish "$order" $status
    done
}

say "done" boot 0
orders | sessions 7<&0

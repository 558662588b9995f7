# Shared by the helper scripts; sourced, never run. POSIX sh, for Linux and OpenBSD alike.
host=${PARLEY_HOST:-$(hostname -s)}
system=${PARLEY_SYSTEM:-$(uname)}
# What is no part of the system lies elsewhere on the BSDs.
case $system in
Linux) programs=/usr etc=/etc ;;
*) programs=/usr/local etc=/usr/local/etc ;;
esac
log=/parley/log
state=/parley/state

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# configure NAME TARGET: puts the case's NAME for this host (east.NAME, or NAME for all) at TARGET, 0600.
configure() {
    for candidate in "$host.$1" "$1"; do
        if [ -f "$candidate" ]; then
            install -D -m 600 "$candidate" "$2"
            return
        fi
    done
    return 1
}

# supervise NAME COMMAND...: runs a daemon in the background; how it ended is judged after the case.
supervise() {
    name=$1
    shift
    ("$@"; echo "$name $?" >>$state/exits) </dev/null >/dev/null 2>&1 &
}

# await_start LOG COMMAND...: until a daemon that was just started answers. One that does not fails the case,
# with what its log complains of.
await_start() {
    daemon_log=$1
    shift
    (await 20 "$@") && return
    complaint=$(grep -m 1 -E 'syntax error|failed to (add|load)|[Ff]atal' "$daemon_log")
    echo "UNEXPECTED: the daemon did not start well: ${complaint:-$(tail -n 1 "$daemon_log")}"
    exit 1
}

# await SECONDS COMMAND...: until the command succeeds.
await() {
    tries=$(($1 * 20))
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || die "gave up waiting for: $*"
        sleep 0.05
    done
}

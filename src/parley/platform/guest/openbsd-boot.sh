# What an OpenBSD guest does first, as unpacked from its drive. Before this stands PARLEY_HOST; after it,
# one line for each card and route, and the agent. $1 to $4 are the agent's.
export PARLEY_HOST PARLEY_SYSTEM=OpenBSD
parley=$3/parley
exec 3>>"$parley/boot.log"

# A device that nobody has made yet: /dev/rsd2c of sd2.
for device in "$1" "$2"; do
    disk=${device#/dev/r}
    [ -c "$device" ] || (cd /dev && sh MAKEDEV "${disk%c}") >&3 2>&1
done

# Whoever has not the MAC is not the card, whatever it is called: lines `vio0: flags=...`, `lladdr MAC`.
card() {
    ifconfig -a | while read -r word value _; do
        case "$word $value" in
        *": flags="*) name=${word%:} ;;
        "lladdr $1") echo "$name" ;;
        esac
    done
}

# address NAME MAC ADDRESS NETMASK ADDRESS6 PREFIX: the card with that MAC gets both; who it is, is kept.
address() {
    card=$(card "$2")
    if [ -z "$card" ]; then
        echo "no card has MAC $2" >&3
        return 1
    fi
    echo "$1 $card" >>"$parley/cards"
    ifconfig "$card" inet "$3" netmask "$4" >&3 2>&1
    ifconfig "$card" inet6 "$5" prefixlen "$6" >&3 2>&1
}

route4() {
    route -qn add -inet "$1" "$2" >&3 2>&1
}

route6() {
    route -qn add -inet6 "$1" -prefixlen "$2" "$3" >&3 2>&1
}

set_kernel() {
    sysctl "$1" >&3 2>&1
}

# Daemons that were set-user-ID or chrooted leave a core only in a directory of their own (sysctl(2)).
prepare_cores() {
    set_kernel kern.nosuidcoredump=3
    for daemon in iked isakmpd pluto; do mkdir -p "/var/crash/$daemon" && chmod 700 "/var/crash/$daemon"; done
}

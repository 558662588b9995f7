# What a FreeBSD guest does first, as unpacked from its drive; see openbsd-boot.sh.
export PARLEY_HOST PARLEY_SYSTEM=FreeBSD
parley=$3/parley
exec 3>>"$parley/boot.log"

# Lines `vtnet0: flags=...`, `ether MAC`.
card() {
    ifconfig -a | while read -r word value _; do
        case "$word $value" in
        *": flags="*) name=${word%:} ;;
        "ether $1") echo "$name" ;;
        esac
    done
}

address() {
    card=$(card "$2")
    if [ -z "$card" ]; then
        echo "no card has MAC $2" >&3
        return 1
    fi
    echo "$1 $card" >>"$parley/cards"
    ifconfig "$card" inet "$3" netmask "$4" up >&3 2>&1
    ifconfig "$card" inet6 "$5" prefixlen "$6" no_dad -ifdisabled >&3 2>&1
}

route4() {
    if [ "$1" = default ]; then set -- default "$2"; else set -- -net "$1" "$2"; fi
    route -qn add "$@" >&3 2>&1
}

route6() {
    if [ "$1" = default ]; then set -- default "$3"; else set -- -net "$1/$2" "$3"; fi
    route -qn add -inet6 "$@" >&3 2>&1
}

set_kernel() {
    sysctl "$1" >&3 2>&1
}

prepare_cores() {
    mkdir -p /var/crash
    set_kernel kern.corefile=/var/crash/%N.%P
    set_kernel kern.sugid_coredump=1
    kldload -nq ipsec >&3 2>&1
}

#!/bin/sh
# Starts pluto with the case's configuration, and returns when it has loaded every connection of it.
# usage: libreswan-start.sh [--x509 KIND]   KIND: imports this host's certificate and its CA first
. ../../guestbin/lib.sh
configure conf $etc/ipsec.conf || die "no $host.conf here"
configure secrets $etc/ipsec.secrets || : >$etc/ipsec.secrets
nss=sql:/var/lib/ipsec/nss
case $system in
Linux) ;;
*)
    # Debian's image has the key database already.
    mkdir -p /var/lib/ipsec/nss /var/run/pluto
    certutil -N -d $nss --empty-password || die "no key database"
    where="--nssdir /var/lib/ipsec/nss"
    ;;
esac
if [ "$1" = --x509 ]; then
    pk12util -i ../../x509/"$2"/"$host".p12 -d $nss -W parley -K '' >/dev/null || die "no certificate"
    certutil -A -n ca -t CT,, -d $nss -i ../../x509/"$2"/ca.crt || die "no CA"
fi
mkdir -p /run/pluto
supervise pluto $programs/libexec/ipsec/pluto --nofork --leak-detective $where \
    --config $etc/ipsec.conf --logfile $log/pluto.log
# pluto loads the connections itself, in its own time: wait for the last one.
while read -r word name; do
    case $word$name in conn[!%]*) last=$name ;; esac
done <$etc/ipsec.conf
# Called where it lies: the ipsec command in front of it is a script of its own, and pluto wants the processor.
loaded() { $programs/libexec/ipsec/whack --connectionstatus 2>/dev/null | grep -q "\"$last\""; }
await_start $log/pluto.log loaded

#!/bin/sh
# Starts charon with the case's configuration, and returns when swanctl has loaded it.
# usage: strongswan-start.sh [--x509 KIND]   KIND: installs this host's certificate and its CA first
. ../../guestbin/lib.sh
configure swanctl.conf $etc/swanctl/swanctl.conf || die "no $host.swanctl.conf here"
configure strongswan.conf $etc/strongswan.conf
if [ "$1" = --x509 ]; then
    x509=../../x509/$2
    cp $x509/ca.crt $etc/swanctl/x509ca/
    cp $x509/"$host".crt $etc/swanctl/x509/
    cp $x509/"$host".key $etc/swanctl/private/
fi
case $system in
Linux) daemon=charon-systemd charon=charon-systemd ;;
*) daemon=charon charon=$programs/libexec/ipsec/charon ;;
esac
cat >$etc/strongswan.d/parley.conf <<END
$daemon {
    plugins {
        # The processor's own random numbers are the only ones that do not follow from a run's seed.
        rdrand {
            load = no
        }
    }
    filelog {
        parley {
            path = $log/charon.log
            default = 1
            flush_line = yes
        }
    }
}
END
supervise $daemon $charon
await_start $log/charon.log swanctl --stats
swanctl --load-all --noprompt >$log/swanctl.log 2>&1 || {
    cat $log/swanctl.log
    echo "UNEXPECTED: swanctl did not load all of it: $(grep -m 1 -E 'failed|invalid|error' $log/swanctl.log)"
    exit 1
}

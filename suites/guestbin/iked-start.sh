#!/bin/sh
# Starts iked with the case's configuration, and returns when it answers.
# usage: iked-start.sh [--x509 KIND]   KIND: installs this host's certificate and its CA first
. ../../guestbin/lib.sh
configure iked.conf /etc/iked.conf || die "no $host.iked.conf here"
if [ "$1" = --x509 ]; then
    x509=../../x509/$2
    cp $x509/ca.crt /etc/iked/ca/ca.crt
    cp $x509/"$host".crt /etc/iked/certs/"$host".crt
    cp $x509/"$host".key /etc/iked/private/local.key
    chmod 600 /etc/iked/private/local.key
    cp $x509/"$host".pub /etc/iked/local.pub
fi
(iked -dvv >$log/iked.log 2>&1; echo "iked $?" >>$state/exits) </dev/null &
await_start $log/iked.log ikectl show sa

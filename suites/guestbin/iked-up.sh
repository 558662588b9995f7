#!/bin/sh
# Returns when iked has an established IKE SA with loaded Child SAs; says which role it had.
. ../../guestbin/lib.sh
up() { ikectl show sa | grep -q 'sa_flows:.*(L)'; }
await 20 up
ikectl show sa | sed -n 's/^iked_sas:.*<\(.*\)>.* ESTABLISHED \([ir]\).*/established with \1 as \2/p'

# Libreswan waits on east, OpenIKED is ready on west; nothing passes in clear.
east# ../../guestbin/libreswan-start.sh
east# ../../guestbin/guard.sh up
west# ../../guestbin/guard.sh up
west# ../../guestbin/ping-once.sh --down 192.0.1.254 192.0.2.254
# iked initiates two seconds after its start.
west# ../../guestbin/iked-start.sh
west# ../../guestbin/iked-up.sh
# Traffic passes both ways.
west# ../../guestbin/ping-once.sh --up 192.0.1.254 192.0.2.254
east# ../../guestbin/ping-once.sh --up 192.0.2.254 192.0.1.254
# Both daemons and both kernels agree.
west# ikectl show sa
east# ipsec trafficstatus
west# ../../guestbin/kernel-state.sh
east# ../../guestbin/kernel-state.sh
west# ../../guestbin/kernel-policy.sh
east# ../../guestbin/kernel-policy.sh
# After teardown no SA is left, and nothing passes.
west# ikectl reset sa
west# ../../guestbin/wait-no-sa.sh
east# ../../guestbin/wait-no-sa.sh
west# ../../guestbin/ping-once.sh --down 192.0.1.254 192.0.2.254
final# ../../guestbin/guard.sh down

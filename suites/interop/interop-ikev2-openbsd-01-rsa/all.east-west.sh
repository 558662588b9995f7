# OpenIKED waits on east, Libreswan is ready on west; nothing passes in clear.
east# ../../guestbin/iked-start.sh --x509 rsa
west# ../../guestbin/libreswan-start.sh --x509 rsa
east# ../../guestbin/guard.sh up
west# ../../guestbin/guard.sh up
west# ../../guestbin/ping-once.sh --down 192.0.1.254 192.0.2.254
# Libreswan initiates.
west# ipsec up west-east
# Traffic passes both ways.
west# ../../guestbin/ping-once.sh --up 192.0.1.254 192.0.2.254
east# ../../guestbin/ping-once.sh --up 192.0.2.254 192.0.1.254
# Both daemons and both kernels agree.
west# ipsec trafficstatus
east# ikectl show sa
west# ../../guestbin/kernel-state.sh
east# ../../guestbin/kernel-state.sh
west# ../../guestbin/kernel-policy.sh
east# ../../guestbin/kernel-policy.sh
# After teardown no SA is left, and nothing passes.
west# ipsec down west-east
west# ../../guestbin/wait-no-sa.sh
east# ../../guestbin/wait-no-sa.sh
west# ../../guestbin/ping-once.sh --down 192.0.1.254 192.0.2.254
final# ../../guestbin/guard.sh down

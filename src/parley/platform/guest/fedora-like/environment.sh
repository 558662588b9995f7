# The environment of root's shell in Libreswan's test system (testing/kvm/root/bash_profile): its language
# decides how sort sorts.
unset LC_ALL
export LANG=en_US.UTF-8 LC_CTYPE=C PATH=$PATH:/testing/guestbin

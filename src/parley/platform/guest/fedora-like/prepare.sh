# Before the agent of a host of Libreswan's own suite starts, in its writable root.
mkdir -p /var/crash /etc/sysconfig /run/pluto /run/units /etc/strongswan/swanctl /run/strongswan /run/nsd /run/unbound /etc/nsd/server.d /etc/nsd/conf.d
ln -sfn /proc/self/fd /dev/fd
ln -sfn /usr/lib/x86_64-linux-gnu/faketime /usr/lib64/faketime
mount --bind /usr/share/parley/x509 /testing/x509
if [ -e /usr/share/parley/dnssec.place ]; then
    read -r place </usr/share/parley/dnssec.place
    mkdir -p "/testing/$place"
    mount --bind /usr/share/parley/dnssec "/testing/$place"
fi
cp /parley/bin/* /usr/local/bin/
# Some scripts call these by their full names.
ln -sf /usr/local/bin/systemctl /usr/bin/systemctl
ln -sf /usr/local/bin/strongswan /usr/sbin/strongswan
ln -sf /testing/guestbin/* /usr/local/bin/
ln -sf /testing/guestbin/swan-prep /usr/bin/swan-prep
printf 'include: "/etc/nsd/%s/*.conf"\n' server.d conf.d >/etc/nsd/nsd.conf
rm -rf /etc/swanctl
ln -s /etc/strongswan/swanctl /etc/swanctl
# Cores are looked for in /tmp. swan-prep asks for a pipe into tee there, which would run outside this
# root; it writes that into a file that nobody reads.
echo /tmp/core.%h.%e.%p >/proc/sys/kernel/core_pattern
: >/run/core_pattern
mount --bind /run/core_pattern /proc/sys/kernel/core_pattern
# Not the lab's file, which is bound there: cases write their own.
umount /etc/hosts
cp /parley/hosts /etc/hosts
tc -batch /parley/queues 2>/dev/null

# A host that serves a case's directory over NFS, version 3 (RFC 1813), to the hosts of its lab.
# $1: the network that may mount it. Served is a copy in memory: a hostfs cannot be exported.
set -e
mkdir -p /srv/share /var/lib/nfs /run/rpcbind
mount -t tmpfs -o mode=755 tmpfs /srv/share
cp -a /testing /srv/share/testing
[ -d /proc/fs/nfsd ] && mount -t nfsd nfsd /proc/fs/nfsd
# Guests' ports are above 1023 behind some emulators (insecure); what a host's root writes is root's.
echo "/srv/share/testing $1(rw,async,fsid=1,no_root_squash,no_subtree_check,insecure)" >/etc/exports
for file in etab rmtab xtab; do : >"/var/lib/nfs/$file"; done
# BSDs ask over UDP where mountd is (RFC 1833), whatever they mount over.
rpcbind -w 2>/dev/null || rpcbind
rpc.nfsd --no-nfs-version 4 --nfs-version 3 --tcp 4
rpc.mountd --no-nfs-version 4
exportfs -ra

# A writable root over the image's. An emulated PC is `prepared`: it has one before it knows which host
# it is (image/pc_desk.sh), and only the parts of the share are left to mount.
if [ "$prepared" ]; then
    mount -a -T "$here/fstab.host"
else
    mount -t tmpfs tmpfs /tmp
    mkdir /tmp/upper /tmp/work /tmp/root
    mount -a -T "$here/fstab"
fi

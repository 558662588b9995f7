# The image's shell goes on from pc_init.sh, and from guest/root.sh right before. Up to `ready` nothing
# depends on the case or the host: there a guest is saved, and restored. After that an emulated guest pays
# some 30 ms for each program that it starts, so most is done before; Busybox, in /run/bin, costs the least.
mkdir -p /tmp/root/testing /tmp/root/parley /tmp/root/var/crash
# What every host starts next, started here: its pages are then in memory, and saved with it.
for program in bash chroot dash ip mount pgrep; do
    chroot /tmp/root $program --version
done >/dev/null 2>&1
# Open for good before anything else: what was sent to a line that is closed again is lost. Two are
# the agent's, which takes over the descriptors.
exec 3<>/dev/hvc3 5<>/dev/hvc0 6<>/dev/hvc1
for line in 0 1 3; do stty -F /dev/hvc$line raw -echo; done
echo ready >&3
# go|resume SCRIPT SECONDS-SINCE-1970 MAC...
read -r word script now macs <&3
if [ "$word" = resume ]; then
    # Guests that go on from one saved state must not draw the same random numbers.
    tries=0
    until /run/bin/dmesg | /run/bin/grep -q 'virtual machine fork'; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || { echo 'random numbers not renewed'; exit 1; }
        /run/bin/sleep 0.05
    done
fi
/run/bin/date -s "@$now" >/dev/null
number=0
for mac in $macs; do
    /run/bin/ip link set vec$number address "$mac"
    number=$((number + 1))
done
echo going >&3
exec 3>&-
/run/bin/mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=none share /mnt || exit 1
prepared=prepared
. "/mnt/$script"

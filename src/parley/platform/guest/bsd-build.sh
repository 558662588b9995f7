# Compiles Libreswan from source.tar in the agent's directory; what is to be installed is packed as
# state/built.tar, paths from /. $1: what the makefiles are told besides.
for tool in gmake cc bison flex pkg-config certutil; do
    command -v "$tool" >/dev/null || missing="$missing $tool"
done
if [ -n "$missing" ]; then
    echo "this system lacks$missing" >&2
    exit 3
fi
set -e
rm -rf source built
mkdir source built
cd source
tar xpf ../source.tar
gmake base $1
gmake install-base DESTDIR="$PWD/../built" $1
gmake -s showversion $1 >../state/version
cd ..
tar cf state/built.tar -C built .

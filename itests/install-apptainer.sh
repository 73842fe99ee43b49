#!/bin/sh
# Installs Apptainer for the tests where Debian's release has no package of it: that of unstable is unpacked into ROOT, by
# default /, without making this machine's apt know of unstable. Needs root, python3 and the packages of
# debian-packages.txt.
#   install-apptainer.sh [ROOT]
set -eu
root=${1:-/}

if [ "$root" = / ] && apt-cache policy apptainer 2>/dev/null | grep -q 'Candidate: [0-9]'; then
    DEBIAN_FRONTEND=noninteractive exec apt-get install -q -y --no-install-recommends apptainer
fi

mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | awk '
    /^deb / { for (i = 2; i <= NF; i++) if ($i ~ /^http.*debian/ && $i !~ /security/) { print $i; exit } }
    /^URIs:/ { if ($2 ~ /debian/ && $2 !~ /security/) { print $2; exit } }')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/none"
: >"$work/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:-http://deb.debian.org/debian} sid main" >"$work/list"

private() {
    (cd "$work" && apt-get -q -o Dir::State="$work" -o Dir::State::status="$work/status" -o Dir::Cache="$work" \
        -o Dir::Etc::sourcelist="$work/list" -o Dir::Etc::sourceparts="$work/none" \
        -o Dir::Etc::preferencesparts="$work/none" "$@")
}

private update
private download apptainer
dpkg -x "$work"/apptainer_*.deb "$root"

# It is built for glibc 2.38, of which it takes two functions that older ones have by other names: strtol and strtoul. So
# the ends of their names are taken, and the version 2.2.5 in the place of 2.38.
python3 - "$root/usr/bin/apptainer" "$root"/usr/lib/*/apptainer/bin/starter <<'END'
import os
import struct
import sys

if tuple(map(int, os.confstr("CS_GNU_LIBC_VERSION").split()[1].split("."))) >= (2, 38):
    sys.exit()
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        elf = bytearray(file.read())

    def text(offset):
        return bytes(elf[offset:elf.index(0, offset)]).decode()

    start, = struct.unpack_from("<Q", elf, 0x28)
    size, count, names = struct.unpack_from("<HHH", elf, 0x3A)
    headers = [struct.unpack_from("<IIQQQQIIQQ", elf, start + i * size) for i in range(count)]
    sections = {text(headers[names][4] + header[0]): header for header in headers}
    strings = sections[".dynstr"][4]
    symbols = sections[".dynsym"]
    for offset in range(symbols[4], symbols[4] + symbols[5], 24):
        name, info, other, section = struct.unpack_from("<IBBH", elf, offset)
        if section == 0 and text(strings + name) in ("__isoc23_strtol", "__isoc23_strtoul"):
            struct.pack_into("<I", elf, offset, name + len("__isoc23_"))
    offset = sections[".gnu.version_r"][4]
    while True:
        version, entries, file, entry, following = struct.unpack_from("<HHIII", elf, offset)
        place, old, new = offset + entry, None, None
        for _ in range(entries):
            digest, flags, index, name, after = struct.unpack_from("<IHHII", elf, place)
            if text(strings + name) == "GLIBC_2.38":
                old = place
            if text(strings + name) == "GLIBC_2.2.5":
                new = (digest, name)
            place += after
        if old is not None:
            struct.pack_into("<I", elf, old, new[0])
            struct.pack_into("<I", elf, old + 8, new[1])
        if not following:
            break
        offset += following
    with open(path, "wb") as file:
        file.write(elf)
END
"$root/usr/bin/apptainer" --version

#!/bin/sh
# Builds the images muster/manager, muster/worker and muster/all from the distributions that the build has made.
#   build.sh [BASE IMAGE]     debian:12-slim unless given; it must have apt-get
set -eu
here=$(cd -P -- "$(dirname -- "$0")" && pwd)
assemblies=$here/../karaf-assembly
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
for role in manager worker all; do
    archive=$(ls "$assemblies/$role"/target/muster-*-"$role".tar.gz 2>/dev/null) || {
        echo "build.sh: the distribution $role is not built; run ./muster build" >&2
        exit 1
    }
    ln "$archive" "$context/$role.tar.gz" 2>/dev/null || cp "$archive" "$context/$role.tar.gz"
done
version=${archive##*/muster-}
version=${version%-all.tar.gz}
cp "$here/Dockerfile" "$here/entrypoint.sh" "$assemblies/warm.sh" "$context"
for role in manager worker all; do
    docker build --build-arg BASE="${1:-debian:12-slim}" --target "$role" \
        -t "muster/$role:$version" -t "muster/$role:latest" "$context"
done

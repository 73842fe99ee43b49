#!/bin/sh
# Prepares fast starts: boots a manager and a worker once in a throwaway folder, lets them run a job, and keeps for
# each role
#   FOLDER/ROLE/data      the resolved bundle cache, a template for data/ of new nodes
#   FOLDER/ROLE/node.jsa  an archive of the classes loaded
# bin/karaf uses both when MUSTER_WARM names FOLDER/ROLE, or when they lie in warm/ of its distribution. Good for the
# Java and the place of the distributions that they were made with.
#   warm.sh [MANAGER WORKER FOLDER]     those that the build has unpacked and target/warm unless given
set -eu
here=$(cd -P -- "$(dirname -- "$0")" && pwd)
manager=${1:-$here/manager/target/assembly}
worker=${2:-$here/worker/target/assembly}
target=${3:-$here/target/warm}
rm -rf "$target"
mkdir -p "$target/manager/data" "$target/worker/data"
base=$(mktemp -d)
manager_pid=
worker_pid=

clean_up() {
    for pid in $manager_pid $worker_pid; do
        kill -KILL "$pid" 2>/dev/null || true
    done
    rm -rf "$base"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

fail() {
    echo "warm: $*; the end of what the nodes said:" >&2
    tail -n 20 "$base"/*/console.log "$base"/*/data/log/karaf.log >&2 2>/dev/null || true
    exit 1
}

# Starts a node in the background: its folder under $base, its distribution.
boot() {
    mkdir -p "$base/$1"
    KARAF_BASE=$base/$1 MUSTER_WARM=$base/none EXTRA_JAVA_OPTS="-XX:ArchiveClassesAtExit=$target/$1/node.jsa -Xlog:cds=off -Xlog:cds+dynamic=off" \
        "$2/bin/karaf" daemon >"$base/$1/console.log" 2>&1 </dev/null &
}

# Stops a node and keeps what later nodes of its role can start from. ConfigAdmin's copies of etc/ name this base.
keep() {
    kill -TERM "$2"
    wait "$2" || fail "the $1 did not stop in order"
    cp -R "$base/$1/data/cache" "$target/$1/data/cache"
    rm -rf "$target/$1"/data/cache/bundle*/data/config "$target/$1/data/cache/cache.lock"
    [ -f "$target/$1/node.jsa" ] || fail "the $1 wrote no class-data archive"
    touch "$target/$1/stamp"
}

# Ports that nothing uses now, most likely.
port=$((20000 + $$ % 20000))
export MUSTER_REST_HOST=127.0.0.1 MUSTER_REST_PORT=$port MUSTER_BROKER_HOST=127.0.0.1 MUSTER_BROKER_PORT=$((port + 1))
export MUSTER_WORKER_ID=warm MUSTER_WORKER_MANAGER=https://127.0.0.1:$port
export MUSTER_WORKER_TOKEN_FILE=$base/manager/security/join.token
boot manager "$manager"
manager_pid=$!
boot worker "$worker"
worker_pid=$!

# The job waits for the worker; its submission has to wait for the manager.
left=900
until [ -f "$base/manager/security/admin.token" ] &&
    said=$(MUSTER_URL=https://127.0.0.1:$port MUSTER_TOKEN=$(cat "$base/manager/security/admin.token") \
        "${JAVA_HOME:+$JAVA_HOME/bin/}java" -jar "$manager/lib/muster-cli.jar" \
        submit --wait --array 0-9 -- true 2>&1); do
    kill -0 "$manager_pid" 2>/dev/null || fail "the manager ended"
    kill -0 "$worker_pid" 2>/dev/null || fail "the worker ended"
    left=$((left - 1))
    [ "$left" -gt 0 ] || fail "no job could be run: ${said:-no admin token}"
    sleep 0.2
done
keep worker "$worker_pid"
worker_pid=
keep manager "$manager_pid"
manager_pid=

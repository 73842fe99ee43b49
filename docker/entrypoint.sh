#!/bin/sh
# Starts the node of a container. Where a volume is mounted at /join, a manager lays its join token there, and nothing
# else of its secrets; workers wait for it.
#   entrypoint.sh manager|worker|all
set -eu
role=$1
token=$KARAF_BASE/security/join.token
if [ "$role" != worker ] && [ -w /join ]; then
    (
        umask 077
        until [ -s "$token" ]; do
            sleep 0.2
        done
        cp "$token" /join/.join.token
        mv /join/.join.token /join/join.token
    ) &
fi
exec "/opt/muster/$role/bin/karaf" daemon

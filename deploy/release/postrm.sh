#!/bin/sh
set -e
if [ "$1" = purge ]; then
	rm -rf /var/lib/sluice-collect /var/lib/sluice-proxy
fi
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi

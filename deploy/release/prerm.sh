#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
	deb-systemd-invoke stop sluice-archive.service sluice-proxy.service sluice-collect.service sluice-consolidator.service
	systemctl disable sluice-archive.service sluice-proxy.service sluice-collect.service sluice-consolidator.service
fi

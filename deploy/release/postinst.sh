#!/bin/sh
set -e
if [ "$1" = configure ]; then
	if command -v systemd-sysusers >/dev/null; then
		systemd-sysusers sluice.conf
	fi
	# Where there is no /proc, as in a bare chroot, the folders are made at the next boot.
	if command -v systemd-tmpfiles >/dev/null; then
		systemd-tmpfiles --create sluice.conf || true
	fi
	if [ -d /run/systemd/system ]; then
		systemctl daemon-reload
		# After an upgrade what runs goes on as the new program.
		if [ -n "$2" ]; then
			deb-systemd-invoke try-restart sluice-consolidator.service sluice-collect.service sluice-proxy.service sluice-archive.service
		fi
	fi
fi

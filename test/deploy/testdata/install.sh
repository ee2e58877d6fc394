# Installs, upgrades, removes and purges the package $1 in a copy of this machine's file
# system that is gone afterwards, in the folder $2. Exits with 77 where that cannot be.
set -e
mount -t tmpfs none "$2" || exit 77
mkdir "$2/upper" "$2/work" "$2/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$2/upper,workdir=$2/work" "$2/root" || exit 77
mount -t proc none "$2/root/proc" || exit 77
cp "$1" "$2/root/sluice.deb"
# What removes a package's pages from man's index takes long, and is not ours.
exec chroot "$2/root" sh -ec '
	export DEBIAN_FRONTEND=noninteractive
	dpkg --no-triggers --install /sluice.deb
	sluice version
	for user in sluice-consolidator sluice-proxy; do getent passwd $user; done
	stat --format "%n %a %U %G" /etc/sluice/*
	dpkg --verify sluice
	echo "# mine" >>/etc/default/sluice-proxy
	dpkg --no-triggers --install /sluice.deb
	tail -n 1 /etc/default/sluice-proxy
	dpkg --no-triggers --remove sluice
	test ! -e /usr/bin/sluice
	test -e /etc/default/sluice-proxy
	dpkg --no-triggers --purge sluice
	test ! -e /etc/default/sluice-proxy
'

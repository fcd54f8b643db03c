#!/bin/sh
# Makes a root to throw away, and lives in it until it is killed; then everything in it is gone, files and processes.
# Everything that is there is seen, and what is written goes to memory. To be run in new mount, PID, network, IPC, UTS
# and (with systemd) cgroup namespaces.
#
#   package-root.sh BASE SHARED plain|systemd
set -e
base=$1 shared=$2 kind=$3

mount --make-rprivate /
# Before the new /tmp hides it.
mount -t tmpfs -o mode=755 tmpfs "$base"
mkdir "$base/upper" "$base/work" "$base/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$base/upper,workdir=$base/work" "$base/root"
cd "$base/root"

# The kernel's settings belong to the machine: read-only, as in containers.
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,ro,bind proc/sys
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
  touch "dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm dev/mqueue dev/hugepages
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount --bind "$shared" mnt

# A network of its own: two ends of one cable.
ip link set lo up
ip link add near0 type veth peer name far0
ip addr add 10.66.9.1/24 dev near0
ip link set near0 up
ip link set far0 up

# What this machine has of Holdfast from elsewhere, and of services.
rm -rf etc/holdfast var/lib/holdfast var/cache/holdfast etc/systemd/system etc/fstab
# In containers it keeps packages from starting their services.
rm -f usr/sbin/policy-rc.d
mkdir -p etc/systemd/system

if [ "$kind" = systemd ]; then
  mount -t cgroup2 cgroup2 sys/fs/cgroup
  for target in sysinit basic multi-user; do
    printf '[Unit]\nDefaultDependencies=no\n' >"etc/systemd/system/$target.target"
  done
  echo ready
  export container=holdfast-test
  exec chroot . /lib/systemd/systemd --system --unit=multi-user.target --log-target=null --show-status=0
fi
echo ready
# The first process of a PID namespace inherits orphans and has to wait for them.
exec chroot . sh -c 'trap : CHLD; while :; do sleep 1 & wait; done'

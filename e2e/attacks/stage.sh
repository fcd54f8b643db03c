# Makes the stage: run as root in a mount namespace of its own (unshare --mount --propagation private).
#
# stage.sh FOLDER CHECKOUT SENSE COMMAND...
#
# Everything that attacks write to is in memory and seen in here only. The sensor of files gets --only for these, as a
# mark on another file system would be one for the whole machine. Then COMMAND is run, which is the engine.
set -eu
folder=$1
checkout=$2
sense=$3
shift 3

over() {
  mount -t tmpfs -o "size=64m,mode=$2" stage "$1"
}

# Where it lies in one of the places that are covered, it is there all the same.
mkdir "$folder/checkout"
mount --bind "$checkout" "$folder/checkout"

# Programs read their settings from here: a copy.
over /mnt 755
cp -a /etc/. /mnt/
mount --move /mnt /etc
for place in /root /home /opt /srv /var/log /var/spool; do over "$place" 755; done
over /tmp 1777
if [ -e "$checkout" ]; then
  umount "$folder/checkout"
else
  mkdir -p "$checkout"
  mount --move "$folder/checkout" "$checkout"
fi

# Nobody has these passwords.
printf '%s\n' 'root:$6$stage$made.up.hash.of.nobody:19000:0:99999:7:::' 'ann:$6$stage$another.made.up.hash:19000:0:99999:7:::' > /etc/shadow
chmod 640 /etc/shadow
mkdir -p /etc/cron.d /etc/systemd/system /etc/sudoers.d /etc/udev/rules.d /etc/profile.d /etc/pam.d
mkdir -p /root/.ssh /home/ann/.ssh /home/ann/Documents /var/spool/mail
chmod 700 /root/.ssh /home/ann/.ssh
printf '%s\n' 'mysql -u root -p hunter2' 'ssh ann@10.66.1.2' > /root/.bash_history
printf '%s\n' '-----BEGIN OPENSSH PRIVATE KEY-----' 'bWFkZSB1cA==' '-----END OPENSSH PRIVATE KEY-----' | tee /root/.ssh/id_rsa > /home/ann/.ssh/id_rsa
for log in messages secure auth.log syslog; do echo 'Nov  1 00:00:00 stage made up' > "/var/log/$log"; done
: > /root/.bashrc

# What every attack stands below: an init as containers have it, so that each is a story of its own.
mkdir /opt/stage
cp "$(command -v unshare)" /opt/stage/tini

cp "$sense" "$folder/sense-itself"
cat > "$folder/sense" << END
#!/bin/sh
mode=\$1
[ "\$mode" = files ] || exec "$folder/sense-itself" "\$@"
for place in /etc /root /home /opt /srv /var/log /var/spool /tmp; do set -- "\$@" --only "\$place"; done
exec "$folder/sense-itself" "\$@"
END
chmod 755 "$folder/sense"
mount --bind "$folder/sense" "$sense"
exec "$@"

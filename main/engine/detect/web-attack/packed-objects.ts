import type { Certainty, Sighting } from './sighting.ts';

/** Classes whose unpacking runs code, as tools for it use them. Lower case. */
const GADGETS = [
  ...[
    'invokertransformer',
    'templatesimpl',
    'annotationinvocationhandler',
    'badattributevalueexpexception',
    'jdbcrowsetimpl',
  ],
  ...[
    'ysoserial',
    'constanttransformer',
    'org.apache.commons.collections',
    'org.apache.commons.beanutils',
    'c3p0',
    'javassist',
  ],
  ...[
    'processbuilder',
    'java.lang.runtime',
    'methodclosure',
    'jrmpclient',
    'unicastremoteobject',
    'jndirefforwardingdatasource',
  ],
  ...[
    'objectdataprovider',
    'system.diagnostics.process',
    'typeconfusedelegate',
    'activitysurrogate',
    'windowsidentity',
    'xamlreader',
  ],
  ...['classpathxmlapplicationcontext', 'filesystemxmlapplicationcontext', 'scriptenginemanager', 'java.net.url'],
  ...[
    'monolog\\handler',
    'guzzlehttp\\psr7',
    'swift_',
    'phpggc',
    'illuminate\\broadcasting',
    'pendingbroadcast',
    'symfony\\component',
  ],
  ...[
    'posix\nsystem',
    'os\nsystem',
    'nt\nsystem',
    'subprocess',
    'builtins\neval',
    'builtins\nexec',
    'posixsystem',
    '__builtin__',
  ],
];
/** Marks of types in JSON, XML and YAML that name what is to be made. */
const TYPED: readonly (readonly [mark: string, others: readonly string[]])[] = [
  [
    '"@type"',
    ['jdbcrowsetimpl', 'templatesimpl', 'java.net.', 'com.sun.', 'datasource', 'bcel', 'java.lang.autocloseable'],
  ],
  ['"$type"', ['objectdataprovider', 'system.diagnostics', 'windowsidentity', 'system.configuration.install']],
  ['<java', ['java.beans.xmldecoder', 'processbuilder', 'java.lang.runtime']],
  ['<object', ['class="java.lang.processbuilder"', 'class="java.lang.runtime"']],
  ['<void', ['class="java.lang.processbuilder"', 'method="exec"', 'method="start"']],
  ['processbuilder', ['<command>', '<sorted-set>', '<dynamic-proxy>', 'java.util.priorityqueue']],
  [
    '!!',
    [
      'javax.script.scriptenginemanager',
      'python/object/apply',
      'python/object/new',
      'com.sun.rowset',
      'java.net.urlclassloader',
    ],
  ],
  ['!ruby/object', ['gem::', 'erb', 'actioncontroller', 'net::']],
  ['springframework', ['classpathxmlapplicationcontext', 'filesystemxmlapplicationcontext']],
];
/** Longest packed object that is looked into, in characters. */
const MAX_PACKED = 4_096;
const JAVA_MAGIC = '\xac\xed\x00\x05';

interface PackedForm {
  readonly start: string;
  readonly name: string;
  /** By itself: without a class whose unpacking runs code, some programs exchange such objects. */
  readonly certainty: Certainty;
}

/** Beginnings of objects in base64. */
const ENCODED: readonly PackedForm[] = [
  { start: 'rO0AB', name: 'Java', certainty: 'likely' },
  { start: 'H4sIAAAAAAAA', name: 'packed Java', certainty: 'weak' },
  { start: 'AAEAAAD/////', name: '.NET', certainty: 'likely' },
  { start: 'gASV', name: 'Python', certainty: 'likely' },
  { start: 'gAJ', name: 'Python', certainty: 'weak' },
  { start: 'Y3Bvc2l4CnN5c3RlbQ', name: 'Python', certainty: 'sure' },
  { start: 'BAhv', name: 'Ruby', certainty: 'weak' },
  { start: 'Tzo', name: 'PHP', certainty: 'weak' },
];

/** @param value with upper case, decoded */
export function findPackedValue(value: string): Sighting | undefined {
  const form = ENCODED.find(({ start }) => value.startsWith(start));
  if (form !== undefined) {
    const plain = fromBase64(value);
    if (form.name === 'PHP') return findPhpObject(plain);
    const isArmed = hasGadget(plain.toLowerCase());
    return isArmed || form.certainty !== 'weak' ? sighting(isArmed ? 'sure' : form.certainty, form.name) : undefined;
  }
  return findPhpObject(value);
}

/** @param body as it came, one character a byte */
export function findPackedBody(body: string): Sighting | undefined {
  if (body.startsWith(JAVA_MAGIC)) {
    const isArmed = hasGadget(body.slice(0, MAX_PACKED).toLowerCase());
    return sighting(isArmed ? 'sure' : 'weak', 'Java');
  }
  if (body.startsWith('cos\nsystem\n') || body.startsWith('cposix\nsystem\n')) return sighting('sure', 'Python');
  return undefined;
}

/** Objects in text: JSON, XML, YAML. @param text in lower case */
export function findTypedObject(text: string): Sighting | undefined {
  for (const [mark, others] of TYPED) {
    if (text.includes(mark) && others.some((other) => text.includes(other))) {
      return sighting('sure', mark.startsWith('"') ? 'typed JSON' : 'typed');
    }
  }
  return undefined;
}

/** `O:4:"User":1:{…`: an object of PHP, anywhere at the beginning of a value or of a list. */
function findPhpObject(value: string): Sighting | undefined {
  const isList = value.startsWith('a:');
  const at = isList ? value.indexOf(';O:') + 1 : 0;
  if ((isList && at === 0) || value[at] !== 'O' || value[at + 1] !== ':') return undefined;
  let next = at + 2;
  while (isDigit(value.charCodeAt(next))) next++;
  if (next === at + 2 || !value.startsWith(':"', next)) return undefined;
  const end = value.indexOf('"', next + 2);
  if (end < 0 || value[end + 1] !== ':' || !isDigit(value.charCodeAt(end + 2))) return undefined;
  const isArmed = hasGadget(value.slice(0, MAX_PACKED).toLowerCase());
  return sighting(isArmed ? 'sure' : 'likely', 'PHP');
}

function hasGadget(text: string): boolean {
  return GADGETS.some((name) => text.includes(name));
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function sighting(certainty: Certainty, name: string): Sighting {
  return { attack: 'deserialisation', certainty, aim: `sends a packed object (${name})` };
}

/** One character a byte; nothing is thrown on what is no base64. */
export function fromBase64(text: string): string {
  return Buffer.from(text.slice(0, MAX_PACKED), 'base64').toString('latin1');
}

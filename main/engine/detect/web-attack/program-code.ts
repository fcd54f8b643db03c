import type { Certainty, Sighting } from './sighting.ts';

/** Code of one language that has no business in a request: any of `all` together, in lower case. */
interface CodePhrase {
  readonly all: readonly string[];
  readonly attack: 'code-injection' | 'template-injection';
  readonly certainty: Certainty;
  readonly aim: string;
}

function code(aim: string, certainty: Certainty, ...all: readonly string[]): CodePhrase {
  return { all, attack: 'code-injection', certainty, aim };
}

function template(aim: string, certainty: Certainty, ...all: readonly string[]): CodePhrase {
  return { all, attack: 'template-injection', certainty, aim };
}

const JAVA = 'runs a program through Java';
const OGNL = 'runs code through OGNL (Struts, Confluence)';
const PHP = 'runs code through PHP';
const PYTHON = 'reaches the inside of Python through a template';

/** What is looked for where a value has brackets of code in it. */
const PHRASES: readonly CodePhrase[] = [
  code(OGNL, 'sure', '#_memberaccess'),
  code(OGNL, 'sure', 'ognl.ognlcontext'),
  code(OGNL, 'sure', '(#', '@java.lang.'),
  code(OGNL, 'sure', '#context[', 'xwork'),
  code(OGNL, 'sure', '%{', '@java.lang.runtime'),
  code(OGNL, 'sure', '${', '@java.lang.runtime'),
  code(OGNL, 'sure', '${(#'),
  code(OGNL, 'sure', 'com.opensymphony.xwork2'),
  code(JAVA, 'sure', 'java.lang.runtime', 'getruntime'),
  code(JAVA, 'sure', 'java.lang.processbuilder', '('),
  code(JAVA, 'sure', 'getruntime().exec('),
  code(JAVA, 'sure', 'class.forname(', 'java.lang'),
  code(JAVA, 'sure', 't(java.lang.'),
  code(JAVA, 'sure', 'javax.script.scriptenginemanager'),
  code(JAVA, 'likely', 'groovy', '.execute()'),
  code(JAVA, 'likely', '@asttest(', 'assert'),
  template('runs a program through Freemarker', 'sure', 'freemarker.template.utility.execute'),
  template('runs a program through Velocity', 'sure', '#set($', '.class.forname('),
  template('runs code through Thymeleaf', 'sure', '__${', '}__::'),
  template(PYTHON, 'sure', '__class__', '__mro__'),
  template(PYTHON, 'sure', '__class__', '__base__'),
  template(PYTHON, 'sure', '__globals__', '{{'),
  template(PYTHON, 'sure', '__subclasses__('),
  template(PYTHON, 'sure', '__import__(', 'os'),
  template('runs code through a template of PHP', 'sure', '{{', 'registerundefinedfiltercallback'),
  template('runs code through a template of PHP', 'sure', '{php}'),
  template('runs a script in the page of its reader (AngularJS)', 'sure', '{{', 'constructor.constructor('),
  code(PHP, 'sure', 'eval(base64_decode('),
  code(PHP, 'sure', '@eval($_'),
  code(PHP, 'sure', 'eval($_'),
  code(PHP, 'sure', 'assert($_'),
  code(PHP, 'sure', '<?php', 'system('),
  code(PHP, 'sure', '<?php', 'passthru('),
  code(PHP, 'sure', '<?php', 'shell_exec('),
  code(PHP, 'sure', '<?php', 'eval('),
  code(PHP, 'likely', '<?=', '$_'),
  code(PHP, 'sure', '@ini_set(', 'display_errors'),
  code(PHP, 'likely', '<?php', 'phpinfo('),
  code(PHP, 'likely', '<?php', 'echo'),
  code('runs code through Node.js', 'sure', "require('child_process')"),
  code('runs code through Node.js', 'sure', 'require("child_process")'),
  code('runs code through Node.js', 'sure', 'process.mainmodule.require'),
  code('changes what all objects of a program inherit', 'likely', '__proto__', 'execpath'),
  code('runs code through Ruby', 'likely', 'kernel.system('),
  code('runs a program through the web server (SSI)', 'sure', '<!--#exec'),
  code('loads a file through the web server (SSI)', 'likely', '<!--#include'),
  code('makes a cache load an address (ESI)', 'likely', '<esi:include'),
  code('runs code through ASP.NET', 'sure', 'system.diagnostics.process'),
  code('runs code through a planted ASP page', 'sure', 'response.write(', 'frombase64string'),
  code('runs code through a planted ASP page', 'sure', 'execute(request'),
  code('runs code through a planted ASP page', 'sure', 'eval(request'),
];

/** Values that are calls by themselves, to see whether they run. */
const PHP_CALLS = [
  'phpinfo()',
  'system(',
  'passthru(',
  'shell_exec(',
  'popen(',
  'proc_open(',
  'file_put_contents(',
  'base64_decode(',
];

/** Names of parameters that lead into the insides of a framework. */
const NAME_MARKS: readonly (readonly [mark: string, aim: string])[] = [
  ['class.module.classloader', 'reaches the class loader of Spring (Spring4Shell)'],
  ['class.classloader', 'reaches the class loader of a Java program'],
  ['redirect:${', OGNL],
  ['action:${', OGNL],
  ['redirect:%{', OGNL],
  ['_memberaccess', OGNL],
  ['[#post_render]', PHP],
  ['[#pre_render]', PHP],
  ['[#lazy_builder]', PHP],
  ['#access_callback]', PHP],
  ['auto_prepend_file', PHP],
  ['allow_url_include', PHP],
  ['java.lang.', JAVA],
];

/** @param text in lower case, decoded, with a bracket in it */
export function findProgramCode(text: string): Sighting | undefined {
  for (const { all, attack, certainty, aim } of PHRASES) {
    if (all.every((part) => text.includes(part))) return { attack, certainty, aim };
  }
  const trimmed = text.trimStart();
  const call = PHP_CALLS.find(
    (name) => trimmed.startsWith(name) || trimmed.startsWith(`${'${@'}${name}`) || trimmed.startsWith(`;${name}`),
  );
  if (call !== undefined && trimmed.includes(')')) {
    return {
      attack: 'code-injection',
      certainty: call === 'system(' && !hasQuote(trimmed) ? 'weak' : 'sure',
      aim: PHP,
    };
  }
  return findArithmetic(trimmed);
}

/** Options of PHP's own program on the command line, in a query (CVE-2012-1823, CVE-2024-4577). */
export function findPhpOptions(text: string): Sighting | undefined {
  const isOption = text.includes('auto_prepend_file') || text.includes('allow_url_include');
  return isOption && text.includes('=') ? { attack: 'code-injection', certainty: 'sure', aim: PHP } : undefined;
}

/** @param name of a parameter, in lower case, decoded */
export function findCodeInName(name: string): Sighting | undefined {
  if (name.length < 8) return undefined;
  const mark = NAME_MARKS.find(([text]) => name.includes(text));
  return mark === undefined ? undefined : { attack: 'code-injection', certainty: 'sure', aim: mark[1] };
}

/** The way of invoking a method of ThinkPHP's from a query: two parameters, looked for in all of it. */
export function findInvocation(query: string): Sighting | undefined {
  const isThink = query.includes('invokefunction') && query.includes('call_user_func');
  return isThink ? { attack: 'code-injection', certainty: 'sure', aim: 'runs code through ThinkPHP' } : undefined;
}

function hasQuote(text: string): boolean {
  return text.includes("'") || text.includes('"') || text.includes('$');
}

/** Brackets of the templates of many languages. */
const BRACKETS: readonly (readonly [open: string, close: string])[] = [
  ['{{', '}}'],
  ['${', '}'],
  ['#{', '}'],
  ['<%=', '%>'],
  ['*{', '}'],
  ['@(', ')'],
];
const MAX_ARITHMETIC = 24;

/** `{{7*7}}`, `${7*7}`: whoever sends it looks for 49 in the answer. */
function findArithmetic(text: string): Sighting | undefined {
  for (const [open, close] of BRACKETS) {
    const at = text.indexOf(open);
    if (at < 0) continue;
    const end = text.indexOf(close, at + open.length);
    if (end < 0 || end - at > MAX_ARITHMETIC) continue;
    if (isProduct(text.slice(at + open.length, end))) {
      return { attack: 'template-injection', certainty: 'likely', aim: 'tries whether a template calculates' };
    }
  }
  return undefined;
}

function isProduct(text: string): boolean {
  const star = text.indexOf('*');
  if (star < 0) return false;
  const left = text.slice(0, star).trim();
  const right = text
    .slice(star + 1)
    .trim()
    .replaceAll("'", '')
    .replaceAll('"', '');
  return left !== '' && right !== '' && !Number.isNaN(Number(left)) && !Number.isNaN(Number(right));
}

/** The beginning of a function of bash with commands behind it (CVE-2014-6271), as the whole of a header. */
export function findShellshock(value: string): Sighting | undefined {
  let at = 0;
  const skip = () => {
    while (value[at] === ' ' || value[at] === '\t') at++;
  };
  skip();
  if (value[at] !== '(') return undefined;
  at++;
  skip();
  if (value[at] !== ')') return undefined;
  at++;
  skip();
  if (value[at] !== '{') return undefined;
  const isCode = value.includes(';', at) || value.includes('}', at);
  return isCode
    ? { attack: 'shellshock', certainty: 'sure', aim: 'hides commands behind a function of bash' }
    : undefined;
}

import type { HttpRequestFact } from '../../../../contract/facts.ts';
import { findNosqlInJson } from './nosql-injection.ts';
import { findPackedBody, findTypedObject } from './packed-objects.ts';
import { findTraversalInValue } from './paths.ts';
import { plainForm } from './plain-form.ts';
import { findUpload, isScriptPath } from './planted-scripts.ts';
import { findProgramCode } from './program-code.ts';
import { eachJsonText, eachPair, eachPart } from './request-values.ts';
import { findCommand } from './shell-commands.ts';
import { SIGN, signsIn } from './signs.ts';
import type { SpottedList } from './spotted.ts';
import { isLong, type Origin, onlySure, readLookup, readPair, withoutWeak } from './value-reader.ts';
import { findExternalEntity } from './xml-entities.ts';

export function readBody(request: HttpRequestFact, spotted: SpottedList): void {
  const { bodyStart, contentType } = request;
  const type = contentType.toLowerCase();
  const first = bodyStart.trimStart()[0] ?? '';
  if (bodyStart.includes('${') || bodyStart.includes('%24%7') || bodyStart.includes('\\u0024')) {
    readLookup(plainForm(bodyStart, type.includes('urlencoded')), 'body', bodyStart, spotted);
  }
  if (type.startsWith('multipart/')) readParts(bodyStart, spotted);
  else if (type.includes('json') || first === '{' || first === '[') readJson(bodyStart, spotted);
  else if (type.includes('xml') || first === '<') readMarkup(bodyStart, spotted);
  else if (type.includes('urlencoded') || (type === '' && bodyStart.includes('='))) {
    const origin: Origin = { place: 'form field', isPlusSpace: true, isBody: true, isStructured: false };
    eachPair(bodyStart, 0, (pair) => readPair(pair, origin, spotted));
  } else readOther(bodyStart, spotted);
  const query = request.uri.indexOf('?');
  const path = (query < 0 ? request.uri : request.uri.slice(0, query)).toLowerCase();
  if (isScriptPath(path)) readPlantedCall(bodyStart, spotted);
}

function readParts(body: string, spotted: SpottedList): void {
  const origin: Origin = { place: 'form field', isPlusSpace: false, isBody: true, isStructured: false };
  eachPart(body, ({ name, value, fileName }) => {
    if (fileName === undefined) readPair({ name, value }, origin, spotted);
    else {
      spotted.add(findUpload(fileName, value), `file ${fileName.slice(0, 64)}`, value, '');
      const text = fileName.toLowerCase();
      if (text.includes('..'))
        spotted.add(findTraversalInValue('file', text, plainForm(text, false)), 'file name', fileName, text);
    }
  });
}

function readJson(body: string, spotted: SpottedList): void {
  if (body.includes('"$')) spotted.add(findNosqlInJson(body.toLowerCase()), 'body', body, '');
  spotted.add(findTypedObject(body.toLowerCase()), 'body', body, '');
  const origin: Origin = { place: 'JSON member', isPlusSpace: false, isBody: true, isStructured: true };
  eachJsonText(body, (member) => readPair(member, origin, spotted));
}

/** Ends of a tag with what ends a word of a shell. */
const BREAKOUTS = ['>`', '>;', '>$(', '>|', '>&'];

function readMarkup(body: string, spotted: SpottedList): void {
  const text = body.toLowerCase();
  if (text.includes('<!entity') || text.includes('xi:include'))
    spotted.add(findExternalEntity(text), 'body', body, text);
  spotted.add(findTypedObject(text), 'body', body, text);
  if (text.startsWith('<?php') || text.startsWith('<?=')) spotted.add(findProgramCode(text), 'body', body, text);
  // Administrators send whole scripts; only an element that begins with a separator breaks out of something.
  if (BREAKOUTS.some((start) => text.includes(start))) {
    spotted.add(onlySure(findCommand(text, true), true), 'body', body, text);
  }
}

function readOther(body: string, spotted: SpottedList): void {
  const packed = findPackedBody(body);
  if (packed !== undefined) {
    spotted.add(packed, 'body', '', '');
    return;
  }
  const isText = (signsIn(body, 0, Math.min(body.length, 256)) & SIGN.binary) === 0;
  if (!isText) return;
  const { text } = plainForm(body, false);
  spotted.add(findCommand(text, isLong(text)), 'body', body, text);
  spotted.add(findTypedObject(text), 'body', body, text);
  if (!isLong(text)) spotted.add(withoutWeak(findProgramCode(text)), 'body', body, text);
}

/** What is sent to a planted page: code of its language, plain or in base64, as a form field. */
function readPlantedCall(body: string, spotted: SpottedList): void {
  eachPair(body, 0, ({ name, value }) => {
    const plain = plainForm(value, true);
    const isEncoded = plain.original.length >= 24 && isBase64(plain.original);
    const text = isEncoded ? decoded(plain.original) : plain.text;
    const found = findProgramCode(text);
    if (found?.certainty !== 'sure') return;
    const isCall =
      isEncoded || text.startsWith('@') || text.includes('eval(base64_decode(') || text.includes('frombase64string');
    if (isCall) {
      spotted.add(
        { attack: 'web-shell', certainty: 'sure', aim: 'runs code that comes with the request' },
        `form field ${name.slice(0, 48)}`,
        value,
        text,
      );
    }
  });
}

function isBase64(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
    // Spaces were plus signs.
    if (!isLetter && !(code >= 0x2f && code <= 0x39) && code !== 0x2b && code !== 0x3d && code !== 0x20) return false;
  }
  return true;
}

function decoded(text: string): string {
  return Buffer.from(text.replaceAll(' ', '+'), 'base64').toString('latin1').toLowerCase();
}

/** Conversations of text protocols for tests: written by hand, with what is hard about each of them. */
import { ftp } from './ftp/ftp.ts';
import { http } from './http/http.ts';
import { imap } from './imap.ts';
import { irc } from './irc.ts';
import { pop3 } from './pop3.ts';
import type { ProtocolDefinition } from './protocol.ts';
import { rtsp } from './rtsp.ts';
import { sip } from './sip.ts';
import { smtp } from './smtp/smtp.ts';
import { socks } from './socks.ts';
import { telnet } from './telnet.ts';
import type { Side } from './testing.ts';

export type Exchange = readonly (readonly [Side, Uint8Array])[];

/** `>` is what the initiator says, `<` the responder; one character a byte. */
export function talk(...said: readonly (readonly ['>' | '<', string])[]): Exchange {
  return said.map(([arrow, text]) => [arrow === '>' ? 'initiator' : 'responder', Buffer.from(text, 'latin1')]);
}

export function base64(text: string): string {
  return Buffer.from(text, 'latin1').toString('base64');
}

export const GET_REQUEST =
  'GET /a/b.html?x=1 HTTP/1.1\r\nHost: www.example.org:8080\r\nUser-Agent: curl/8\r\nReferer: http://r/\r\n\r\n';
export const HTML_RESPONSE =
  'HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>';

/** Pipelined, chunked, folded, without bodies, with forms and compressed lengths: all on one connection. */
export const HTTP_CONVERSATION = talk(
  ['>', `${GET_REQUEST}HEAD /h HTTP/1.1\nHost: [::1]:81\n\nGET /c HTTP/1.1\r\nhost:x\r\nX-Folded: a\r\n  b\r\n\r\n`],
  ['<', `${HTML_RESPONSE}HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n`],
  [
    '<',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Disposition: attachment; filename="a b.sh"\r\n\r\n' +
      '5;x=y\r\n#!/bi\r\n1d\r\nn/sh\necho hello to all of you\r\n0\r\nTrailer: 1\r\n\r\n',
  ],
  [
    '>',
    'POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\n' +
      'Content-Length: 32\r\n\r\n',
  ],
  ['<', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ['>', 'username=ann&password=secret%21X'],
  ['<', 'HTTP/1.1 302 Found\r\nLocation: /login?error=1\r\nContent-Length: 0\r\n\r\n'],
  ['>', `GET /private HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${base64('bob:hunter2')}\r\n\r\n`],
  ['<', 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno'],
  ['>', 'GET /last HTTP/1.0\r\n\r\n'],
  ['<', 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the connection ends'],
);

const SMTP_CONVERSATION = talk(
  ['<', '220-mx.example.org ESMTP\r\n220 ready\r\n'],
  ['>', 'EHLO client.example.org\r\n'],
  ['<', '250-mx.example.org\r\n250-AUTH PLAIN LOGIN CRAM-MD5\r\n250 PIPELINING\r\n'],
  ['>', 'AUTH LOGIN\r\n'],
  ['<', `334 ${base64('Username:')}\r\n`],
  ['>', `${base64('carol')}\r\n`],
  ['<', `334 ${base64('Password:')}\r\n`],
  ['>', `${base64('tops3cret')}\r\n`],
  ['<', '535 no\r\n'],
  ['>', `AUTH PLAIN ${base64('\0dave\0tops3cret')}\r\n`],
  ['<', '235 yes\r\n'],
  ['>', 'MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n'],
  ['<', '250 ok\r\n250 ok\r\n354 go on\r\n'],
  [
    '>',
    'Subject: a\r\n long one\r\nFrom: A <a@example.org>\r\nMIME-Version: 1.0\r\n' +
      'Content-Type: multipart/mixed;\r\n boundary="b1"\r\n\r\n--b1\r\nContent-Type: text/plain\r\n\r\nhello\r\n..\r\n' +
      `--b1\r\nContent-Type: application/x-sh; name="run.sh"\r\nContent-Transfer-Encoding: base64\r\n\r\n` +
      `${base64('#!/bin/sh\n')}\r\n${base64('echo 1')}\r\n--b1--\r\n.\r\n`,
  ],
  ['<', '250 queued\r\n'],
  ['>', 'QUIT\r\n'],
  ['<', '221 bye\r\n'],
);

export interface Sample {
  readonly definition: ProtocolDefinition;
  readonly exchange: Exchange;
}

export const SAMPLES: readonly Sample[] = [
  { definition: http, exchange: HTTP_CONVERSATION },
  { definition: smtp, exchange: SMTP_CONVERSATION },
  {
    definition: ftp,
    exchange: talk(
      ['<', '220-hello\r\n220-still\r\n220 (vsFTPd 2.3.4)\r\n'],
      ['>', 'USER anna\r\n'],
      ['<', '331 password?\r\n'],
      ['>', 'PASS hunter2\r\n'],
      ['<', '530 Login incorrect.\r\n'],
      ['>', 'USER anna\r\n'],
      ['<', '331 password?\r\n'],
      ['>', 'PASS hunter3\r\n'],
      ['<', '230 Logged in.\r\n'],
      ['>', 'PASV\r\n'],
      ['<', '227 Entering Passive Mode (10,0,0,2,200,13).\r\n'],
      ['>', 'RETR dir/secret.zip\r\n'],
      ['<', '150 Opening\r\n'],
      ['<', '226 Done\r\n'],
      ['>', 'EPSV\r\n'],
      ['<', '229 Extended (|||6446|)\r\n'],
      ['>', 'QUIT\r\n'],
    ),
  },
  {
    definition: pop3,
    exchange: talk(
      ['<', '+OK POP3 ready\r\n'],
      ['>', 'USER erin\r\n'],
      ['<', '+OK\r\n'],
      ['>', 'PASS hunter2\r\n'],
      ['<', '-ERR no\r\n'],
      ['>', 'AUTH CRAM-MD5\r\n'],
      ['<', `+ ${base64('<1@x>')}\r\n`],
      ['>', `${base64('frank b913a602c7eda7a495b4e6e7334d3890')}\r\n`],
      ['<', '+OK in\r\n'],
      ['>', 'QUIT\r\n'],
      ['<', '+OK bye\r\n'],
    ),
  },
  {
    definition: imap,
    exchange: talk(
      ['<', '* OK IMAP4rev1 ready\r\n'],
      ['>', 'a1 LOGIN {4}\r\n'],
      ['<', '+ go on\r\n'],
      ['>', 'gina {7}\r\n'],
      ['<', '+ go on\r\n'],
      ['>', 'hunter2\r\n'],
      ['<', 'a1 NO failed\r\n'],
      ['>', 'a2 LOGIN "gi\\"na" "hunter3"\r\n'],
      ['<', '* CAPABILITY IMAP4rev1\r\na2 OK in\r\n'],
      ['>', 'a3 SELECT INBOX\r\n'],
      ['<', '* 1 FETCH (BODY {12}\r\na3 OK no end)\r\na3 OK done\r\n'],
    ),
  },
  {
    definition: telnet,
    exchange: talk(
      ['<', '\xff\xfd\x18\xff\xfa\x18\x01\xff\xf0Debian 12\r\nhost login: '],
      ['>', '\xff\xfb\x18r'],
      ['<', 'r'],
      ['>', 'oot\r\n'],
      ['<', 'oot\r\nPassword: '],
      ['>', 'hunter2\r\0'],
      ['<', '\r\nLogin incorrect\r\nhost login: '],
      ['>', 'root\r\n'],
      ['<', 'root\r\nPassword: '],
      ['>', 'hunter3\r\n'],
      ['<', '\r\nLast login: Mon\r\n# '],
    ),
  },
  {
    definition: irc,
    exchange: talk(
      ['>', 'PASS hunter2\r\nNICK bot1\r\nUSER bot 0 * :Bot One\r\n'],
      ['<', ':srv 001 bot1 :Welcome to the network\r\n'],
      ['>', 'JOIN #orders\r\nPRIVMSG NickServ :IDENTIFY hunter2\r\n'],
      ['<', ':srv 332 bot1 #orders :.download http://x/y\r\nPING :1\r\n'],
    ),
  },
  {
    definition: socks,
    exchange: talk(
      ['>', '\x05\x02\x00\x02'],
      ['<', '\x05\x02'],
      ['>', '\x01\x04hans\x07hunter2'],
      ['<', '\x01\x00'],
      ['>', '\x05\x01\x00\x03\x0bexample.org\x01\xbb'],
      ['<', '\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00'],
    ),
  },
  {
    definition: rtsp,
    exchange: talk(
      ['>', `DESCRIBE rtsp://a:b@cam/1 RTSP/1.0\r\nCSeq: 1\r\nAuthorization: Basic ${base64('cam:hunter2')}\r\n\r\n`],
      ['<', 'RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: Cam/1\r\nContent-Length: 4\r\n\r\nv=0\n$\x00\x00\x03abc'],
      ['>', 'PLAY rtsp://cam/1 RTSP/1.0\r\nCSeq: 2\r\n\r\n'],
      ['<', '$\x00\x00\x02RTRTSP/1.0 404 Not Found\r\nCSeq: 2\r\n\r\n'],
    ),
  },
];

/** SIP as datagrams: each is a message by itself. */
export const SIP_SAMPLE: Sample = {
  definition: sip,
  exchange: talk(
    [
      '>',
      'REGISTER sip:example.org SIP/2.0\r\nf: "I" <sip:ida@example.org>;tag=1\r\nCSeq: 1 REGISTER\r\ni: 1@x\r\n\r\n',
    ],
    ['<', 'SIP/2.0 401 Unauthorized\r\nCSeq: 1 REGISTER\r\nCall-ID: 1@x\r\n\r\n'],
    [
      '>',
      'REGISTER sip:example.org SIP/2.0\r\nFrom: <sip:ida@example.org>\r\nUser-Agent: friendly-scanner\r\n' +
        'CSeq: 2 REGISTER\r\nCall-ID: 1@x\r\nAuthorization: Digest username="ida", realm="x"\r\n\r\n',
    ],
    ['<', 'SIP/2.0 403 Forbidden\r\nCSeq: 2 REGISTER\r\nCall-ID: 1@x\r\n\r\n'],
  ),
};

/** Support for tests of Windows' protocols: messages of NTLM and DCE/RPC, which others carry. */
import { bytesOf, fromHex, little16, little32, utf16 } from './service-testing.ts';

/** The third message of NTLM, of version 2. */
export function ntlmLogin(domain: string, user: string, host: string): Uint8Array {
  const texts = [new Uint8Array(24), new Uint8Array(60), utf16(domain), utf16(user), utf16(host), new Uint8Array(0)];
  let offset = 72;
  const fields = texts.map((text) => {
    const field = bytesOf(little16(text.length), little16(text.length), little32(offset));
    offset += text.length;
    return field;
  });
  return bytesOf('NTLMSSP\0', little32(3), ...fields, little32(1), new Uint8Array(8), ...texts);
}

export const ntlmStart = bytesOf('NTLMSSP\0', little32(1), little32(0x62088215), new Uint8Array(16));
export const ntlmChallenge = (() => {
  const target = utf16('CORP');
  const info = bytesOf(little16(3), little16(20), utf16('dc1.corp.x'), little16(0), little16(0));
  const at = 56;
  return bytesOf(
    'NTLMSSP\0',
    little32(2),
    bytesOf(little16(8), little16(8), little32(at)),
    little32(0x02000001),
    'CHALLENG',
    new Uint8Array(8),
    bytesOf(little16(info.length), little16(info.length), little32(at + 8)),
    bytesOf(10, 0, little16(17763), 0, 0, 0, 15),
    target,
    info,
  );
})();

export const svcctl = fromHex('81bb7a364498f135ad3298f038001003');
/** A message of RPC with numbers in little-endian order. */
export function rpcMessage(type: number, call: number, ...parts: (string | number | Uint8Array)[]): Uint8Array {
  const content = bytesOf(...parts);
  return bytesOf(5, 0, type, 3, 0x10, 0, 0, 0, little16(content.length + 16), little16(0), little32(call), content);
}
export const rpcBind = rpcMessage(
  11,
  1,
  new Uint8Array(8),
  1,
  0,
  0,
  0,
  little16(0),
  1,
  0,
  svcctl,
  little32(2),
  new Uint8Array(20),
);
export const rpcCreate = rpcMessage(0, 2, little32(4), little16(0), little16(12), 'ARGS');
export const rpcAnswer = rpcMessage(2, 2, little32(4), new Uint8Array(4), 'DONE');

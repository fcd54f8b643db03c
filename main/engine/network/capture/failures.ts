/**
 * What to say when there is nothing to read. `name` is the capture as the person knows it. What to say of
 * files in other formats stands in identify.ts.
 */
import type { Failure } from '../../../../contract/domain.ts';
import type { Compression } from './identify.ts';

interface SystemRefusal {
  readonly code: string;
  readonly problem: string;
  readonly hint: string;
}

/** What the system's error codes mean to a person. */
const SYSTEM_REFUSALS: Readonly<Record<string, SystemRefusal>> = {
  ENOENT: { code: 'capture-not-found', problem: 'does not exist', hint: 'Check the path and the spelling.' },
  ENOTDIR: { code: 'capture-not-found', problem: 'does not exist', hint: 'A part of the path is not a folder.' },
  EACCES: {
    code: 'capture-not-permitted',
    problem: 'may not be read by this user',
    hint: 'Ask its owner for permission to read it, or run the command as a user who has it.',
  },
  EPERM: {
    code: 'capture-not-permitted',
    problem: 'may not be read by this user',
    hint: 'Ask its owner for permission to read it, or run the command as a user who has it.',
  },
  EISDIR: {
    code: 'capture-is-a-folder',
    problem: 'is a folder',
    hint: 'Give the capture files inside of it, for example with FOLDER/*.pcap.',
  },
};

/** The system does not let it be read. `systemCode` is its error code, such as ENOENT, or empty. */
export function unreadable(name: string, systemCode: string): Failure {
  const refusal = SYSTEM_REFUSALS[systemCode];
  if (refusal !== undefined) return { code: refusal.code, message: `${name} ${refusal.problem}.`, hint: refusal.hint };
  return {
    code: 'capture-unreadable',
    message: `${name} cannot be read: the system says ${systemCode || 'no more'}.`,
    hint: 'Check the disk or network share that it is on, or copy the file and try with the copy.',
  };
}

/** There is not one byte. */
export function empty(name: string, wrapping: Compression | null): Failure {
  return {
    code: 'empty-capture',
    message: wrapping === null ? `${name} is empty.` : `${name} is a ${wrapping} file with nothing inside.`,
    hint: 'Even a capture without packets has a header. Make the capture again, or check how it was copied.',
  };
}

/** The beginning of a pcap file is there, but no more. */
export function cutInHeader(name: string, length: number, headerBytes: number): Failure {
  return {
    code: 'not-a-capture',
    message: `${name} ends inside of the header of a pcap file, after ${length} of ${headerBytes} bytes.`,
    hint: 'No packet was ever in it, or it was cut off while being copied. Make or copy the capture again.',
  };
}

/** Packed data of which nothing can be unpacked. */
export function damagedFromTheStart(name: string, wrapping: Compression): Failure {
  return {
    code: 'damaged-compression',
    message: `${name} is a ${wrapping} file that is damaged or cut off so early that nothing can be unpacked.`,
    hint: 'Get the file again from where it came from.',
  };
}

/** The person stopped it before there was anything to keep. */
export function stoppedEarly(name: string): Failure {
  return {
    code: 'stopped',
    message: `${name} was not read: it was stopped before its first bytes came.`,
    hint: 'Run it again and let it go on for longer.',
  };
}

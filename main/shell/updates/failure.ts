import type { Failure } from '../../../contract/domain.ts';

/** Why an update is not taken. Refusing is the safe side: whatever cannot be judged is refused. */
export const UPDATE_REFUSALS = {
  'update-unreachable': {
    message: 'The place that updates come from does not answer.',
    hint: 'It is asked again later. Check the network if this goes on.',
  },
  'update-malformed': {
    message: 'The list of releases cannot be understood.',
    hint: 'Nothing was changed. Someone may have tampered with it on the way; if this goes on, report it.',
  },
  'update-not-signed': {
    message: 'The list of releases does not carry the signature of Holdfast’s release key.',
    hint: 'Nothing was changed. Someone may be trying to give you another program; if this goes on, report it.',
  },
  'update-expired': {
    message: 'The list of releases is out of date.',
    hint: 'Nothing was changed. Check this computer’s clock; someone may also be holding newer releases back.',
  },
  'update-replayed': {
    message: 'The list of releases is older than one that was seen before.',
    hint: 'Nothing was changed. Someone may be trying to hold newer releases back.',
  },
  'update-recalled': {
    message: 'This release was called back.',
    hint: 'It is not installed. The next release will be offered when it is there.',
  },
  'update-no-file': {
    message: 'There is no package of this release for this kind of system.',
    hint: 'Install it by hand, or wait for the next release.',
  },
  'update-damaged': {
    message: 'The package that arrived is not the one that was released.',
    hint: 'It was thrown away and nothing was changed. Try again; if this goes on, report it.',
  },
  'update-interrupted': {
    message: 'The package did not arrive whole.',
    hint: 'What arrived was thrown away. Try again.',
  },
  'update-not-installed': {
    message: 'The package could not be installed.',
    hint: 'The version that was there goes on working. The log says more.',
  },
} as const satisfies Readonly<Record<string, { readonly message: string; readonly hint: string }>>;

export type UpdateRefusal = keyof typeof UPDATE_REFUSALS;

export class UpdateError extends Error {
  readonly failure: Failure;

  constructor(code: UpdateRefusal, detail = '', cause?: unknown) {
    const { message, hint } = UPDATE_REFUSALS[code];
    super(message, { cause });
    this.failure = { code, message: detail === '' ? message : `${message} (${detail})`, hint };
  }
}

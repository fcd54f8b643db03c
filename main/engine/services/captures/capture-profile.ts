/** What captures are judged by: from a file, or from a run of training. */
import { basename } from 'node:path';
import { ModelDocumentError, readProfile } from '../../models/index.ts';
import { badProfile, openProfileFile } from '../learning/model-file.ts';
import type { TrainedProfile } from '../learning/train.ts';
import type { CaptureProfile } from './capture-anomalies.ts';

/**
 * @param bytes as `models.export` and `train` write them
 * @param source "version flow-3 of the engine", "file office.hfmodel"
 * @throws FailureError `bad-profile` for anything else, and for what was learnt of no conversations
 */
export function profileOfFile(bytes: Uint8Array, source: string): CaptureProfile {
  const { profile: info, document } = openProfileFile(bytes);
  try {
    const profile = readProfile(document);
    if (profile.table !== 'flow')
      throw badProfile(`it was learnt of the table "${profile.table}", not of conversations`);
    return { profile, info, source };
  } catch (error) {
    if (error instanceof ModelDocumentError) throw badProfile(error.message, error);
    throw error;
  }
}

/** @param paths what it was trained on */
export function profileOfTraining(trained: TrainedProfile, paths: readonly string[], nowMs: number): CaptureProfile {
  const { rows, digest, document } = trained;
  const source = paths.length === 1 ? `capture ${basename(paths[0]!)}` : `${paths.length} captures`;
  return { profile: readProfile(document), info: { trainedMs: nowMs, rows, digest }, source };
}

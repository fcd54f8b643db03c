import type { HandlersOf } from '../../../../contract/api.ts';
import type { CAPTURE_CALLS } from '../../../../contract/api-captures.ts';
import type { CaptureJobs } from '../captures/capture-jobs.ts';

/** What the calls about captures need of the engine. */
export interface CaptureAnswering {
  captures(): CaptureJobs;
}

export function captureHandlers(engine: CaptureAnswering): HandlersOf<typeof CAPTURE_CALLS> {
  return {
    'captures.list': () => ({ captures: engine.captures().list(), maximumBytes: engine.captures().maximumBytes }),
    'captures.get': ({ id }) => engine.captures().get(id),
    'captures.begin': ({ name, sizeBytes }, { actor }) => engine.captures().begin(name, sizeBytes, actor),
    'captures.append': async ({ id, offset, data }) => ({
      receivedBytes: await engine.captures().append(id, offset, Buffer.from(data, 'base64')),
    }),
    'captures.cancel': ({ id }, { actor }) => engine.captures().cancel(id, actor),
    'captures.remove': async ({ id }, { actor }) => {
      await engine.captures().remove(id, actor);
      return {};
    },
    'captures.watch': (_input, emit) => engine.captures().watch(emit),
  };
}

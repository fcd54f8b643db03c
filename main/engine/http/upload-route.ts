import type { IncomingMessage } from 'node:http';
import multipart from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { type CaptureUpload, captureName, receiveCapture } from './captures.ts';
import { refuse } from './failures.ts';
import { answerJson, goneSignal, type Routing } from './routing.ts';

/** Types under which programs send captures, beside multipart. */
const RAW_TYPES = [
  'application/octet-stream',
  'application/vnd.tcpdump.pcap',
  'application/x-pcapng',
  'application/gzip',
];
/** One file, and a few short fields beside it. */
const FORM_LIMITS = { files: 1, fields: 4, fieldSize: 1_024, headerPairs: 32, parts: 8 } as const;
const BYTES_PER_MEGABYTE = 1_000_000;

/** `POST /captures`: a capture as the body itself or as the file of a form; answers 202 and where to look. */
export function addUploadRoute(routing: Routing): void {
  const { app, backend, clock, settings, temporaryDirectory } = routing;
  const maximumBytes = settings.maxCaptureMegabytes * BYTES_PER_MEGABYTE;
  void app.register(async (scope) => {
    scope.removeContentTypeParser('application/json');
    await scope.register(multipart, { limits: FORM_LIMITS });
    // Handed on as it comes: nothing is gathered in memory.
    scope.addContentTypeParser(
      RAW_TYPES,
      { bodyLimit: maximumBytes },
      (_request: FastifyRequest, payload: IncomingMessage, done: (error: null, body: IncomingMessage) => void) =>
        done(null, payload),
    );
    scope.post(
      '/captures',
      { preParsing: routing.need('operate'), bodyLimit: maximumBytes, config: { isUpload: true } },
      async (request, reply) => {
        const { role, actor } = routing.caller(request, 'operate');
        const context = { role, actor, signal: goneSignal(reply) };
        const upload = await uploadOf(request, maximumBytes);
        const capture = await receiveCapture(upload, { backend, context, maximumBytes, temporaryDirectory, clock });
        return answerJson(reply.code(202).header('location', `/captures/${capture.id}`), capture);
      },
    );
  });
}

async function uploadOf(request: FastifyRequest, maximumBytes: number): Promise<CaptureUpload> {
  const { name } = request.query as { readonly name?: unknown };
  const given = typeof name === 'string' ? name : undefined;
  if (request.isMultipart()) {
    const part = await request.file({ limits: { fileSize: maximumBytes + 1 } });
    if (part !== undefined)
      return { name: captureName(given ?? part.filename), stream: part.file, sizeBytes: undefined };
    throw refuse('bad-input', 'The form has no file.', 'Send the capture as a part with a file name.');
  }
  const length = request.headers['content-length'];
  const sizeBytes = length === undefined ? undefined : Number(length);
  if (request.body === undefined) throw refuse('bad-input', 'There is no body.', 'Send the bytes of a capture.');
  return { name: captureName(given), stream: request.raw, sizeBytes };
}

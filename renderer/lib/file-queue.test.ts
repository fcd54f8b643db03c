import { expect, it } from 'vitest';
import { FileQueue, type QueuedFile } from './file-queue.ts';

/** A queue whose files end when the test says so. */
function scene() {
  const sent: QueuedFile<string>[] = [];
  const ends: (() => void)[] = [];
  const queue = new FileQueue<string>((queued) => {
    sent.push(queued);
    return new Promise((resolve) => ends.push(resolve));
  });
  const end = async (): Promise<void> => {
    ends.shift()?.();
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { queue, end, files: () => sent.map(({ file }) => file), sent };
}

it('sends files one after the other, also those that come meanwhile', async () => {
  const { queue, end, files } = scene();
  queue.add('a');
  queue.add('b');
  void queue.work();
  expect(files()).toEqual(['a']);
  queue.add('c');
  void queue.work();
  expect(files()).toEqual(['a']);
  await end();
  expect(files()).toEqual(['a', 'b']);
  await end();
  await end();
  queue.add('d');
  void queue.work();
  expect(files()).toEqual(['a', 'b', 'c', 'd']);
});

it('forgets a file that waits, and aborts the one that is on its way', async () => {
  const { queue, end, files, sent } = scene();
  const first = queue.add('a');
  const second = queue.add('b');
  queue.add('c');
  void queue.work();
  queue.cancel(second);
  queue.cancel(first);
  expect(sent.map(({ signal }) => signal.aborted)).toEqual([true]);
  await end();
  expect(files()).toEqual(['a', 'c']);
  expect(sent[1]?.signal.aborted).toBe(false);
});

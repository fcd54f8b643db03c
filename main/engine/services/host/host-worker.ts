/** The host thread: runs the sensors of the host, its behaviours and its rules, and posts what it has to say. */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../runtime/clock.ts';
import { keepHeapTidy } from '../../runtime/heap.ts';
import { setNice } from '../../runtime/priority.ts';
import { HostEngine } from './host-engine.ts';
import type { HostOrder, HostWorkerData } from './host-messages.ts';

const port = parentPort;
if (port === null) throw new Error('host-worker.ts runs as a worker thread of the engine');

/**
 * Ahead of what else keeps the computer busy, which may be the very attack; behind the helpers (-10), which must empty the
 * queues of the kernel. What this thread starts inherits it.
 */
const HOST_NICE = -5;
setNice(HOST_NICE);

const engine = new HostEngine({
  data: workerData as HostWorkerData,
  clock: systemClock,
  userId: process.geteuid?.() ?? -1,
  post: (message) => port.postMessage(message),
});

port.on('message', (order: HostOrder) => {
  if (order.type === 'stop') void engine.stop();
  else if (order.type === 'reload-rules') engine.reloadRules(order.disabled);
  else if (order.type === 'take-canaries') engine.takeCanaries(order.paths);
  else if (order.type === 'take-response') engine.takeResponse(order.rules);
  else if (order.type === 'settle-hold') engine.settleHold(order.pid, order.isKept);
  else engine.listProcesses();
});
keepHeapTidy(systemClock);
engine.start();

/** Reads rules once, in a thread of its own, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { type RuleReading, readRuleList } from './rule-reading.ts';

parentPort?.postMessage(readRuleList(workerData as RuleReading));

import { FactCollector, type FlowFacts, flowSettings, readTraffic, TrafficEngine } from '../../network/index.ts';
import { DEFAULT_SETTINGS } from '../traffic/default-settings.ts';

/** A table that a capture of a test suite fits into: there are hundreds of them, and each costs its memory. */
const SMALL_TABLE = { flowCapacity: 131_072, conversationCapacity: 65_536 };

/**
 * All flows of a capture with what their conversations said, in the order in which they began.
 *
 * @throws CaptureError when there is nothing to read
 */
export async function inspectCapture(path: string): Promise<readonly FlowFacts[]> {
  const collector = new FactCollector();
  const engine = new TrafficEngine({
    settings: { ...DEFAULT_SETTINGS.section('network', flowSettings), ...SMALL_TABLE },
    observers: [collector],
  });
  await readTraffic(path, engine);
  engine.finish();
  return [...collector.flows()];
}

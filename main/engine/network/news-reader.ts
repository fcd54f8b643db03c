import type { Fact } from '../../../contract/facts.ts';
import { END_REASON, type EndReason, type FlowChange } from '../../../contract/traffic.ts';
import type { Audience } from './audience.ts';
import { Packet } from './decode/packet.ts';
import type { EnoughSegments } from './enough-segments.ts';
import type { FeatureSource } from './feature-reader.ts';
import { NEWS, type NewsBatch, NewsFlow } from './news-batch.ts';

const KIND_MASK = 0xf;

/** Tells an audience what was written down for it in another thread: the same calls in the same order. */
export class NewsReader implements FeatureSource {
  readonly #audience: Audience;
  readonly #enough: EnoughSegments;
  /** The bits of all who want segments. */
  readonly #allDone: number;
  readonly #packet = new Packet();
  readonly #flow = new NewsFlow();
  /** By the flow's place in its table: a bit for each who has seen enough of its segments. */
  readonly #segmentsDone: Uint8Array;
  /** That of the flow which the active timeout has just cut, for the one that goes on with its conversation. */
  #cutDone = 0;
  #isRenewed = false;
  #begun = 0;
  #batch: NewsBatch | undefined;
  /** In the batch at hand: the present word, and how much of the rest was read. */
  #at = 0;
  #packetsRead = 0;
  #flowsRead = 0;
  #timesRead = 0;
  #factsRead = 0;
  #rowsRead = 0;

  /** @param flowCapacity of the table in the other thread */
  constructor(audience: Audience, flowCapacity: number, enough: EnoughSegments) {
    this.#audience = audience;
    this.#enough = enough;
    this.#allDone = (1 << audience.segments.length) - 1;
    this.#segmentsDone = new Uint8Array(flowCapacity);
  }

  get begun(): number {
    return this.#begun;
  }

  /** See FeatureSource: of the flow whose end is being told, where the other thread was asked for features. */
  read(): Float32Array {
    if (this.#batch === undefined) throw new Error('features are read when flows end');
    return this.#batch.features(this.#rowsRead);
  }

  /** @param facts those of the batch */
  take(batch: NewsBatch, facts: readonly Fact[]): void {
    this.#packetsRead = 0;
    this.#flowsRead = 0;
    this.#timesRead = 0;
    this.#factsRead = 0;
    this.#rowsRead = 0;
    this.#batch = batch;
    const { words, wordCount } = batch;
    for (this.#at = 0; this.#at < wordCount; this.#at++) this.#tell(words[this.#at], batch, facts);
  }

  /** One word, in a method of its own: one that is called a million times is optimised as one long loop is not. */
  #tell(word: number, batch: NewsBatch, facts: readonly Fact[]): void {
    const audience = this.#audience;
    const packet = this.#packet;
    const flow = this.#flow;
    const kind = word & KIND_MASK;
    if (kind >= NEWS.flowStart && kind <= NEWS.flowRenewed) flow.change(word);
    const detail = (word >> 4) & 0xf;
    switch (kind) {
      case NEWS.packet:
        batch.packets.read(this.#packetsRead++, packet);
        audience.packet(packet);
        break;
      case NEWS.samePacket:
        batch.packets.read(this.#packetsRead++, packet);
        break;
      case NEWS.flow:
        batch.readFlow(this.#flowsRead++, flow);
        break;
      case NEWS.flowStart:
        this.#begun++;
        if (!this.#isRenewed) this.#segmentsDone[flow.slot] = 0;
        this.#isRenewed = false;
        audience.flowStart(flow, packet);
        break;
      case NEWS.flowChange:
        audience.flowChange(flow, packet, detail as FlowChange);
        break;
      case NEWS.payload:
        audience.payload(flow, packet, detail === 1);
        break;
      case NEWS.segment: {
        const done = audience.segment(flow, packet, detail === 1, this.#segmentsDone[flow.slot]);
        this.#segmentsDone[flow.slot] = done;
        if (done === this.#allDone) this.#enough.add(flow.id);
        break;
      }
      case NEWS.fact:
        audience.fact(flow, facts[this.#factsRead++]);
        break;
      case NEWS.flowUpdate:
        audience.flowUpdate(flow);
        break;
      case NEWS.flowEnd:
        if (detail === END_REASON.activeTimeout) this.#cutDone = this.#segmentsDone[flow.slot];
        audience.flowEnd(flow, detail as EndReason);
        this.#rowsRead++;
        break;
      case NEWS.flowRenewed:
        this.#segmentsDone[flow.slot] = this.#cutDone;
        this.#isRenewed = true;
        audience.flowRenewed(batch.words[++this.#at], flow);
        break;
      case NEWS.tick:
        audience.tick(batch.times[this.#timesRead++]);
        break;
      case NEWS.clockReset:
        audience.clockReset(batch.times[this.#timesRead++]);
        break;
      default:
        throw new Error(`no news of kind ${kind}`);
    }
  }
}

import type { CallOutput, ParsedInput } from '../../../../contract/api.ts';
import { type AskedProfile, detectRows, explainRows, predictRows } from '../handlers/detect.ts';
import type { ModelBudget } from './model-budget.ts';
import { detailOf, evaluationOf } from './model-evaluation.ts';
import { differentTables, nothingLearnt } from './model-failures.ts';
import { agreementOf, pValuesOf } from './model-promotion.ts';
import type { ModelRegistry } from './model-registry.ts';
import type { ModelSamples } from './model-samples.ts';

export interface ModelAnswersOptions {
  readonly registry: ModelRegistry;
  readonly samples: ModelSamples;
  readonly budget: ModelBudget;
}

/** What the versions that were learnt say when they are asked. Changes nothing. */
export class ModelAnswers {
  readonly #registry: ModelRegistry;
  readonly #samples: ModelSamples;
  readonly #budget: ModelBudget;

  constructor({ registry, samples, budget }: ModelAnswersOptions) {
    this.#registry = registry;
    this.#samples = samples;
    this.#budget = budget;
  }

  /** @throws FailureError `no-such-version`, `broken-version` */
  detail(id: string): CallOutput<'models.get'> {
    return detailOf(this.#registry.read(id), this.#budget.state.threshold);
  }

  /** @throws FailureError `no-such-version`, `broken-version`, `different-tables` */
  async compare(firstId: string, secondId: string): Promise<CallOutput<'models.compare'>> {
    const first = this.#registry.read(firstId);
    const second = this.#registry.read(secondId);
    if (first.info.table !== second.info.table) throw differentTables(firstId, secondId);
    const rows = await this.#samples.check(first.info.table);
    const { threshold } = this.#budget.state;
    const ofFirst = await pValuesOf(first.profile, rows);
    const ofSecond = await pValuesOf(second.profile, rows);
    return {
      first: evaluationOf(first, ofFirst, threshold),
      second: evaluationOf(second, ofSecond, threshold),
      ...agreementOf(ofFirst, ofSecond),
    };
  }

  /** @throws FailureError `no-such-version`, `broken-version` */
  async evaluate(id: string): Promise<CallOutput<'models.evaluate'>> {
    const known = this.#registry.read(id);
    const pValues = await pValuesOf(known.profile, await this.#samples.check(known.info.table));
    return evaluationOf(known, pValues, this.#budget.state.threshold);
  }

  /** How many anomalies another budget would have shown. */
  preview({ perDay, days }: ParsedInput<'models.preview'>): CallOutput<'models.preview'> {
    return this.#budget.preview(perDay, days);
  }

  async detect(input: ParsedInput<'detect'>): Promise<CallOutput<'detect'>> {
    return detectRows(this.#asked(input), input);
  }

  async explain(input: ParsedInput<'explain'>): Promise<CallOutput<'explain'>> {
    return explainRows(this.#asked(input), input);
  }

  async predict(input: ParsedInput<'predict'>): Promise<CallOutput<'predict'>> {
    return predictRows(this.#asked(input), input);
  }

  #asked({ id, table }: ParsedInput<'detect'>): AskedProfile {
    const known = id === undefined ? this.#registry.active(table) : this.#registry.read(id);
    if (known === undefined) throw nothingLearnt(table);
    const { info, profile } = known;
    if (info.table !== table) throw nothingLearnt(table);
    return { id: info.id, profile };
  }
}

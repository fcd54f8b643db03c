import type { HandlersOf } from '../../../../contract/api.ts';
import type { RULE_CALLS } from '../../../../contract/api-rules.ts';
import type { RuleDesk } from '../rules/rule-desk.ts';

/** What the calls about rules need of the engine. */
export interface RuleAnswering {
  readonly rules: RuleDesk;
}

export function ruleHandlers({ rules }: RuleAnswering): HandlersOf<typeof RULE_CALLS> {
  return {
    'rules.list': () => rules.list(),
    'rules.text': ({ engine, id }) => rules.text(engine, id),
    'rules.check': ({ engine, text }) => rules.check(engine, text),
    'rules.enable': async ({ engine, id, isEnabled }, { actor }) => {
      await rules.enable(engine, id, isEnabled, actor);
      return {};
    },
    'rules.import': ({ engine, name, offset, data, isLast }, { actor }) =>
      rules.importPiece(engine, name, { offset, bytes: Buffer.from(data, 'base64'), isLast }, actor),
    'rules.remove': ({ engine, name }, { actor }) => {
      rules.remove(engine, name, actor);
      return {};
    },
    'rules.reload': (_input, { actor }) => rules.reload(actor),
  };
}

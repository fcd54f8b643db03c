/** Calls about detection rules: Sigma and YARA, ours and those taken in. Loading this file loads zod. */
import { z } from 'zod';
import { noInputSchema } from './api-schemas.ts';
import { type ApiTable, count, nothingSchema, strings, timeMs } from './api-table.ts';
import { CAPTURE_PIECE_BYTES } from './capture-pieces.ts';
import { SEVERITIES } from './domain.ts';

/** Rule files are sent in pieces, as captures are. */
export const RULE_PIECE_BYTES = CAPTURE_PIECE_BYTES;
const MAX_PIECE_TEXT = Math.ceil(RULE_PIECE_BYTES / 3) * 4;
const MAX_RULE_TEXT = 200_000;
export const RULE_ENGINES = ['sigma', 'yara'] as const;
export type RuleEngine = (typeof RULE_ENGINES)[number];
const engine = z.enum(RULE_ENGINES);
const fileName = z.string().min(1).max(200);

/** One rule that is loaded. */
export const ruleSchema = z
  .object({
    engine,
    /** Of Sigma the rule's id, of YARA its name; unique within the engine. */
    id: z.string(),
    title: z.string(),
    description: z.string(),
    severity: z.enum(SEVERITIES),
    /** ATT&CK technique ids. */
    techniques: strings,
    /** What it is about: "process_creation · linux", "files". */
    about: z.string(),
    /** File within its folder. */
    file: z.string(),
    /** Shipped with Holdfast; others were taken in and can be removed. */
    isOwn: z.boolean(),
    isEnabled: z.boolean(),
    /** Since the engine keeps count; kept over restarts. */
    hits: count,
    lastHitMs: timeMs.nullable(),
  })
  .readonly();

/** A rule, or a file of rules, that cannot be used. */
export const ruleProblemSchema = z
  .object({
    engine,
    file: z.string(),
    /** The first line is 1. */
    line: count,
    /** Title or name, where it could be read. */
    rule: z.string(),
    reason: z.string(),
    isOwn: z.boolean(),
  })
  .readonly();

export const RULE_CALLS = {
  'rules.list': {
    kind: 'query',
    input: noInputSchema,
    output: z
      .object({
        rules: z.array(ruleSchema).readonly(),
        problems: z.array(ruleProblemSchema).readonly(),
        /** Why rules of an engine are not at work: "Sigma: host sensors are off."; empty where all are. */
        limits: z.string(),
      })
      .readonly(),
    role: 'view',
    doc: 'Sigma and YARA rules that are loaded, how often they hit, and what could not be loaded, by file and line.',
  },
  'rules.text': {
    kind: 'query',
    input: z.strictObject({ engine, id: z.string().min(1).max(300) }),
    output: z.object({ file: z.string(), text: z.string() }).readonly(),
    role: 'view',
    doc: 'The text of the file that a rule is in.',
  },
  'rules.enable': {
    kind: 'command',
    input: z.strictObject({ engine, id: z.string().min(1).max(300), isEnabled: z.boolean() }),
    output: nothingSchema,
    role: 'admin',
    doc: 'Switches one rule on or off, at once and for good.',
  },
  'rules.check': {
    kind: 'query',
    input: z.strictObject({ engine, text: z.string().max(MAX_RULE_TEXT) }),
    output: z.object({ rules: count, problems: z.array(ruleProblemSchema).readonly() }).readonly(),
    role: 'view',
    doc: 'Whether a text is rules, and what is wrong with it, by line.',
  },
  'rules.import': {
    kind: 'command',
    input: z.strictObject({
      engine,
      /** Of the same name are replaced. */
      name: fileName,
      offset: count,
      data: z.base64().max(MAX_PIECE_TEXT),
      /** With the last piece the file is checked and in force; a file without one good rule is refused. */
      isLast: z.boolean(),
    }),
    output: z
      .object({
        receivedBytes: count,
        /** Once it is in force: its rules, and what of it cannot be used. */
        loaded: z
          .object({ rules: count, problems: z.array(ruleProblemSchema).readonly() })
          .readonly()
          .nullable(),
      })
      .readonly(),
    role: 'admin',
    doc: 'Takes a file of rules in, piece by piece (base64); its errors are told by line.',
  },
  'rules.remove': {
    kind: 'command',
    input: z.strictObject({ engine, name: fileName }),
    output: nothingSchema,
    role: 'admin',
    doc: 'Removes a file of rules that was taken in.',
  },
  'rules.reload': {
    kind: 'command',
    input: noInputSchema,
    output: z.object({ rules: count, problems: count }).readonly(),
    role: 'admin',
    doc: 'Reads all rules again.',
  },
} as const satisfies ApiTable;

export type RuleRow = z.infer<typeof ruleSchema>;
export type RuleProblemRow = z.infer<typeof ruleProblemSchema>;

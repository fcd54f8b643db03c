import type { ZodType } from 'zod';
import type { Section } from './config-names.ts';
import { checkValue, wantedBy } from './config-values.ts';
import type { Setting } from './settings.ts';

/**
 * The configuration as a zod schema, for REST and JSON Schema. Keys nest as in the file; all are optional,
 * unknown ones are refused. Values are judged by the same rule as in the file.
 */
export async function toZodSchema(sections: readonly Section[]): Promise<ZodType> {
  const { z } = await import('zod');
  const rows: Readonly<Record<Setting['type'], (row: never) => ZodType>> = {
    number: (row: Extract<Setting, { type: 'number' }>) =>
      (row.integer ? z.number().int() : z.number()).min(row.min).max(row.max),
    boolean: () => z.boolean(),
    string: (row: Extract<Setting, { type: 'string' }>) => (row.pattern ? z.string().regex(row.pattern) : z.string()),
    choice: (row: Extract<Setting, { type: 'choice' }>) => z.enum(row.choices),
    list: (row: Extract<Setting, { type: 'list' }>) =>
      z.array(row.pattern ? z.string().regex(row.pattern) : z.string()),
  };
  const schemaOf = (row: Setting): ZodType =>
    rows[row.type](row as never)
      .refine((value) => 'value' in checkValue(row, value), { error: `must be ${wantedBy(row)}` })
      .describe(row.reason)
      .optional();

  type Tree = Map<string, Tree | ZodType>;
  const root: Tree = new Map();
  for (const { path, table } of sections) {
    let place = root;
    for (const part of path.split('.')) {
      const next = place.get(part);
      const child: Tree = next instanceof Map ? next : new Map();
      place.set(part, child);
      place = child;
    }
    for (const [key, row] of Object.entries(table)) {
      place.set(key, schemaOf(row));
    }
  }
  const build = (tree: Tree): ZodType =>
    z.strictObject(
      Object.fromEntries([...tree].map(([key, node]) => [key, node instanceof Map ? build(node).optional() : node])),
    );
  return build(root);
}

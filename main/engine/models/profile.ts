/** Everything that was learnt of one table, ready to be asked. */
import {
  type AnomalyJudgement,
  MODEL_GROUPS,
  MODEL_KINDS,
  MODEL_TABLES,
  type ModelGroup,
  type ModelKind,
  type ModelTable,
} from '../../../contract/models.ts';
import { DOCUMENT_VERSION, DocumentReader, type ModelDocument } from './document.ts';
import { GroupProfile } from './group-profile.ts';
import type { ColumnUsual, GroupDetail, Profile, ReadProfile, TableColumn } from './profile-types.ts';
import { TABLE_COLUMNS } from './tables.ts';

const KIND = 'profile';

export class LearntProfile implements Profile {
  readonly table: ModelTable;
  readonly columns: readonly TableColumn[];
  readonly groups: readonly ModelGroup[];
  readonly kinds: readonly ModelKind[];
  private readonly byGroup: ReadonlyMap<ModelGroup, GroupProfile>;

  constructor(table: ModelTable, byGroup: ReadonlyMap<ModelGroup, GroupProfile>) {
    this.table = table;
    this.columns = TABLE_COLUMNS[table].map(({ name, label, unit }) => ({ name, label, unit }));
    this.groups = [...byGroup.keys()];
    const kinds = new Set([...byGroup.values()].flatMap((group) => group.kinds));
    this.kinds = MODEL_KINDS.filter((kind) => kinds.has(kind));
    this.byGroup = byGroup;
  }

  pValue(group: ModelGroup, values: Float64Array, offset = 0): number {
    const known = this.byGroup.get(group);
    return known === undefined ? Number.NaN : known.pValue(values, offset);
  }

  judge(group: ModelGroup, values: Float64Array, offset = 0): AnomalyJudgement | undefined {
    return this.byGroup.get(group)?.judge(values, offset);
  }

  usual(group: ModelGroup): readonly ColumnUsual[] {
    return this.byGroup.get(group)?.usual() ?? [];
  }

  detail(group: ModelGroup): GroupDetail | undefined {
    return this.byGroup.get(group)?.detail();
  }

  toJSON(): ModelDocument {
    return {
      kind: KIND,
      version: DOCUMENT_VERSION,
      table: this.table,
      columns: this.columns.map(({ name }) => name),
      groups: this.groups.map((group) => ({ name: group, learnt: this.byGroup.get(group)!.toJSON() })),
    };
  }
}

/** @throws ModelDocumentError for anything but a sound document of this version's columns */
export const readProfile: ReadProfile = (document) => {
  const reader = new DocumentReader(document, KIND);
  reader.header(KIND);
  const table = reader.choice('table', MODEL_TABLES);
  const names = TABLE_COLUMNS[table].map(({ name }) => name);
  const columns = reader.field('columns');
  // Numbers mean nothing without the columns that they were learnt of.
  if (!Array.isArray(columns) || columns.length !== names.length || !names.every((name, i) => columns[i] === name)) {
    throw reader.wrong('columns', `are not those of ${table} rows`);
  }
  const known: readonly ModelGroup[] = MODEL_GROUPS[table];
  const byGroup = new Map<ModelGroup, GroupProfile>();
  for (const entry of reader.objects('groups', 1, known.length)) {
    const group = entry.choice('name', known);
    if (byGroup.has(group)) throw entry.wrong('name', 'is there twice');
    byGroup.set(group, GroupProfile.fromJSON(entry.field('learnt'), table, group));
    entry.finish();
  }
  reader.finish();
  return new LearntProfile(table, byGroup);
};

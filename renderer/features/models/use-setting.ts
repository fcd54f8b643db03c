import type { SettingRow } from '../../../contract/api-control.ts';
import { useQuery } from '../../lib/use-query.ts';

/** A setting as the engine describes it: its value, its limits, and who else sets it. Undefined until it is known. */
export function useSetting(path: string): SettingRow | undefined {
  const { data } = useQuery('config.describe', {});
  return data?.sections.flatMap(({ settings }) => settings).find((row) => row.path === path);
}

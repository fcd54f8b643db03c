/** Hands a text, or bytes in pieces, to the person as a file. */

/** Long enough for the browser to have taken the file. */
const RELEASE_MS = 60_000;

/** @param name what is not fit for a file name is replaced @param type such as "text/csv" */
export function downloadFile(name: string, type: string, content: string | readonly Uint8Array<ArrayBuffer>[]): void {
  const blob =
    typeof content === 'string'
      ? new Blob([content], { type: `${type};charset=utf-8` })
      : new Blob([...content], { type });
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName(name);
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), RELEASE_MS);
}

/** Letters, digits, dots, dashes and underscores; never hidden, never a path. */
export function fileName(name: string): string {
  const safe = name
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 120);
  return safe === '' ? 'holdfast' : safe;
}

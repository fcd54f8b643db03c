/**
 * Files can be dropped anywhere on the window: on the page of rules they are rules, on any other captures. They go to
 * the engine, and their page shows how far they are.
 */
import { FileDown } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Role } from '../../contract/api-roles.ts';
import { useMay } from '../lib/link.ts';
import { toast } from '../lib/toasts.ts';
import { navigate, useAddress } from '../lib/use-address.ts';
import { strings } from '../strings/index.ts';

interface Taker {
  readonly words: {
    readonly title: string;
    readonly body: string;
    readonly refused: string;
    readonly refusedBody: string;
  };
  readonly role: Role;
  readonly give: (files: readonly File[]) => Promise<void>;
}

/** The code that sends is loaded when the first file comes. */
const CAPTURES: Taker = {
  words: strings.captures.drop,
  role: 'operate',
  give: async (files) => {
    navigate({ page: 'captures', item: null, query: {} });
    const { addFiles } = await import('../features/captures/uploads.ts');
    addFiles(files);
  },
};

const RULES: Taker = {
  words: strings.rules.imports.drop,
  role: 'admin',
  give: async (files) => {
    const { addFiles } = await import('../features/rules/imports.ts');
    addFiles(files);
  },
};

const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') ?? false;

export function FileDrop() {
  const [isOver, setOver] = useState(false);
  const { page } = useAddress();
  const taker = page === 'rules' ? RULES : CAPTURES;
  const { words } = taker;
  const mayAdd = useMay(taker.role);

  useEffect(() => {
    // Entering a child is told before the parent is left.
    let depth = 0;
    const onEnter = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      depth += 1;
      setOver(true);
    };
    const onLeave = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setOver(false);
    };
    const onOver = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      // Without this the browser would open the file instead of the app.
      event.preventDefault();
      if (event.dataTransfer !== null) event.dataTransfer.dropEffect = mayAdd ? 'copy' : 'none';
    };
    const onDrop = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      const files = [...(event.dataTransfer?.files ?? [])];
      if (!mayAdd) toast({ tone: 'failure', message: taker.words.refused, detail: taker.words.refusedBody });
      else if (files.length > 0) void taker.give(files);
    };
    window.addEventListener('dragenter', onEnter);
    window.addEventListener('dragleave', onLeave);
    window.addEventListener('dragover', onOver);
    window.addEventListener('drop', onDrop);
    return () => {
      window.removeEventListener('dragenter', onEnter);
      window.removeEventListener('dragleave', onLeave);
      window.removeEventListener('dragover', onOver);
      window.removeEventListener('drop', onDrop);
    };
  }, [mayAdd, taker]);

  if (!isOver) return null;
  return (
    <div className="pointer-events-none fixed inset-0 z-50 flex items-center justify-center bg-black/40 p-6">
      <div
        role="status"
        className="flex max-w-120 flex-col items-center gap-2 rounded-lg border-2 border-dashed border-accent bg-raised px-10 py-8 text-center shadow-floating"
      >
        <FileDown size={32} strokeWidth={1.5} aria-hidden className="text-accent" />
        <p className="text-15 font-medium">{mayAdd ? words.title : words.refused}</p>
        <p className="text-ink-muted">{mayAdd ? words.body : words.refusedBody}</p>
      </div>
    </div>
  );
}

/** Captures can be dropped on any page: they go to the engine, and the page of captures shows how far they are. */
import { FileDown } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useMay } from '../lib/link.ts';
import { toast } from '../lib/toasts.ts';
import { navigate } from '../lib/use-address.ts';
import { strings } from '../strings/index.ts';

const words = strings.captures.drop;

const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') ?? false;

export function FileDrop() {
  const [isOver, setOver] = useState(false);
  const mayAdd = useMay('operate');

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
      if (!mayAdd) toast({ tone: 'failure', message: words.refused, detail: words.refusedBody });
      else if (files.length > 0) void give(files);
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
  }, [mayAdd]);

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

/** The code that sends is loaded when the first file comes. */
async function give(files: readonly File[]): Promise<void> {
  navigate({ page: 'captures', item: null, query: {} });
  const { addFiles } = await import('../features/captures/uploads.ts');
  addFiles(files);
}

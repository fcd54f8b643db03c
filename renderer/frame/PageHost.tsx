import { Component, type ErrorInfo, lazy, type ReactNode, Suspense, useState } from 'react';
import { Button } from '../components/Button.tsx';
import { EmptyState, LoadingState } from '../components/states.tsx';
import { Text } from '../components/Text.tsx';
import type { PageDefinition } from '../lib/page.ts';
import { navigate } from '../lib/use-address.ts';
import { pages } from '../pages.ts';
import { strings } from '../strings/index.ts';

const { pageFailed, notFound } = strings.frame;

/** One lazy component for each page, made again after it failed, so that its code is fetched again. */
const loaded = new Map<string, ReturnType<typeof lazy>>();

function componentOf(page: PageDefinition): ReturnType<typeof lazy> {
  const known = loaded.get(page.id);
  if (known !== undefined) return known;
  const made = lazy(page.load);
  loaded.set(page.id, made);
  return made;
}

export function PageHost({ page, id }: { readonly page: PageDefinition | undefined; readonly id: string }) {
  const [tries, setTries] = useState(0);
  if (page === undefined) {
    return (
      <EmptyState
        title={notFound.title}
        action={<Button onClick={() => navigate({ page: pages[0].id, item: null, query: {} })}>{notFound.home}</Button>}
      >
        {notFound.body(id)}
      </EmptyState>
    );
  }
  const PageComponent = componentOf(page);
  const reload = (): void => {
    loaded.delete(page.id);
    setTries(tries + 1);
  };
  return (
    <ErrorBoundary key={`${page.id} ${tries}`} onReload={reload}>
      <Suspense
        fallback={
          <div className="p-6">
            <LoadingState rows={8} />
          </div>
        }
      >
        <PageComponent />
      </Suspense>
    </ErrorBoundary>
  );
}

interface BoundaryProps {
  readonly onReload: () => void;
  readonly children: ReactNode;
}

/** A page that throws takes nothing else with it. React has boundaries only as classes. */
class ErrorBoundary extends Component<BoundaryProps, { readonly error: Error | null }> {
  override state: { readonly error: Error | null } = { error: null };

  static getDerivedStateFromError(error: unknown): { readonly error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidCatch(error: unknown, { componentStack }: ErrorInfo): void {
    console.error('A page stopped working:', error, componentStack);
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <EmptyState
        title={pageFailed.message}
        action={
          <Button kind="primary" onClick={this.props.onReload}>
            {pageFailed.reload}
          </Button>
        }
      >
        <p>{pageFailed.hint}</p>
        <p className="mt-3">
          <Text isMono className="text-12">
            {error.message}
          </Text>
        </p>
      </EmptyState>
    );
  }
}

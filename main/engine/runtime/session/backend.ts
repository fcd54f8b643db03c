import type { CallContext, CallKind } from '../../../../contract/api.ts';
import type { Failure } from '../../../../contract/domain.ts';

/**
 * What a transport speaks to: names and inputs that nobody has checked yet. The dispatcher of this process, or the
 * link to an engine in another one.
 */
export interface Backend {
  /** Undefined for a name that is not in the table. */
  kindOf(name: string): CallKind | undefined;
  /** Answers a query or a command. @throws FailureError, and nothing else */
  request(name: string, input: unknown, context: CallContext): Promise<unknown>;
  /**
   * Opens a stream and gives the function that ends it.
   * @param emit an item, and how many were lost on the way to here since the one before
   * @param onEnd called when the other side ends it, never after the given function was called
   * @throws FailureError, and nothing else
   */
  open(
    name: string,
    input: unknown,
    emit: (item: unknown, dropped?: number) => void,
    context: CallContext,
    onEnd?: (failure?: Failure) => void,
  ): () => void;
}

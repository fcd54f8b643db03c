/** The flow table keeps 32 bits of a flow's number. */
const ID_SPAN = 2 ** 32;

/**
 * The number of an open flow, counted from 1 since the table was made, from its id in the table and how many flows
 * have begun so far. Right as long as the flow is not older than four billion others.
 */
export function flowNumber(id: number, begun: number): number {
  const low = id >>> 0;
  return low + Math.floor((begun - low) / ID_SPAN) * ID_SPAN;
}

/** The id in the table of the flow with this number. */
export function flowId(number: number): number {
  return (number % ID_SPAN) | 0;
}

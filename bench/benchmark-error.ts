/** This machine, or what was asked, does not allow a benchmark: said in a sentence, without a stack. */
export class BenchmarkError extends Error {}

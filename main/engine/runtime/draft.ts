/** What is read-only for everybody else, while it is put together. Facts that are not there are not set at all. */
export type Draft<T> = { -readonly [K in keyof T]: T[K] };

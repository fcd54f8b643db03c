/** What is read-only for everybody else, for who puts it together. */
export type Draft<T> = { -readonly [K in keyof T]: T[K] };

/** What is kept as JSON, where it is any: SQLite ends the whole search at the first text that is none. */
export const jsonOf = (column: string): string => `(CASE WHEN json_valid(${column}) THEN ${column} END)`;

/** What is wrong, for a visitor to read. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

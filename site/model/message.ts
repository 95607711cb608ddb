// Texts of messages for visitors.

/** What is wrong. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** At most 40 characters of a text that comes from outside. */
export const cut = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}...` : text);

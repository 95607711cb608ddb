import type { ApiItem } from './public-api.mjs';

export function lacksOf(item: ApiItem): string[];

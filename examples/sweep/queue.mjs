// Where the queue is. REDIS_URL holds the password: redis://:PASSWORD@HOST:PORT, or rediss://... with TLS.
import { Redis } from 'ioredis';

export const QUEUE = 'sweep';

export function connect() {
  const url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
  // BullMQ asks for null: a host that cannot reach Redis waits until it can
  return new Redis(url, { maxRetriesPerRequest: null });
}

// A bounded memory of recent texts, which others choose; long texts are stored as digests.
import { createHash } from 'node:crypto';

export interface BoundedMap<Value> {
  get(text: string): Value | undefined;
  /** Adds a text as the newest; if there are too many, the oldest is forgotten. */
  set(text: string, value: Value): void;
  readonly size: number;
}

/** Longer texts are stored as a digest, which distinguishes them as well. */
const LONGEST_KEY = 200;

/** @param most how many texts are remembered */
export function createBoundedMap<Value>(most: number): BoundedMap<Value> {
  const values = new Map<string, Value>();
  return {
    get: (text) => values.get(keyOf(text)),
    set(text, value) {
      const key = keyOf(text);
      values.delete(key);
      values.set(key, value);
      if (values.size <= most) return;
      const [oldest = key] = values.keys();
      values.delete(oldest);
    },
    get size() {
      return values.size;
    },
  };
}

function keyOf(text: string): string {
  return text.length <= LONGEST_KEY ? text : createHash('sha256').update(text).digest('hex');
}

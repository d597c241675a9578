// The values that no line of ours may show: registered when the configuration is read, replaced wherever text goes out.
import { MASK, redactShapes } from '../base/redact.ts';

export interface Secrets {
  /** From now on `redact` hides this value, also in its base64, URL-encoded and JSON forms. Values under 6 characters are ignored. */
  add(value: string): void;
  /** The text with every registered value, and every secret that is one by its shape, replaced by `********`. */
  redact(text: string): string;
}

export function createSecrets(): Secrets {
  let hidden: string[] = [];

  return {
    add(value) {
      // Shorter values would blank out ordinary words, and no real key is that short.
      if (value.length < 6) return;
      const forms = [
        value,
        Buffer.from(value).toString('base64'),
        // A lone half of a surrogate pair can't be part of a URL.
        encodeURIComponent(Buffer.from(value).toString()),
        JSON.stringify(value).slice(1, -1),
      ];
      // The longest first: the end of a secret that begins with another one must not stay.
      hidden = [...new Set([...hidden, ...forms])].sort((a, b) => b.length - a.length);
    },
    redact(text) {
      let shown = text;
      for (const value of hidden) shown = shown.replaceAll(value, MASK);
      return redactShapes(shown);
    },
  };
}

// The values that no line of ours may show: registered when the configuration is read, replaced wherever text goes out.

export interface Secrets {
  /** From now on `redact` hides this value, also in its base64 and URL-encoded forms. Values under 6 characters are ignored. */
  add(value: string): void;
  /** The text with every registered value replaced by `********`. */
  redact(text: string): string;
}

export function createSecrets(): Secrets {
  const hidden = new Set<string>();

  return {
    add(value) {
      // Shorter values would blank out ordinary words, and no real key is that short.
      if (value.length < 6) return;
      hidden.add(value);
      hidden.add(Buffer.from(value).toString('base64'));
      hidden.add(encodeURIComponent(value));
    },
    redact(text) {
      let shown = text;
      for (const value of hidden) shown = shown.replaceAll(value, '********');
      return shown;
    },
  };
}

// Texts that look like secrets: where each stands, and of what kind it is; the secret itself is never told.

export interface SecretLike {
  readonly at: number;
  /** Begins a sentence: `What looks like …`. */
  readonly what: string;
}

const KINDS: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  {
    // Not a variable, a command, a placeholder, a path or a word of a few letters.
    pattern:
      /\b\w*(?:secret|passw(?:or)?d|passphrase|token(?![si])|api_?key|access_key|credential)\w*=(?:(["'])(?![/~.]|[^"'\n]*[$`])[^"'\n]{8,}\1|(?![^\s;&|]*[$`])(?!\d+\b)[^\s"';&|/~.][^\s"';&|]{7,})/gi,
    what: 'A value for a variable whose name says that it is secret',
  },
  { pattern: /\b[a-z][a-z0-9+.-]*:\/\/[^\s/?#@:$]+:[^\s/?#@$]+@/gi, what: 'An address with a password in it' },
  { pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, what: 'An access key of AWS' },
  {
    pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,})/g,
    what: 'A token for a git server',
  },
  { pattern: /\bhf_[A-Za-z0-9]{20,}\b/g, what: 'A token of Hugging Face' },
  { pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----/g, what: 'A private key' },
];

export function findSecrets(text: string): SecretLike[] {
  const found = KINDS.flatMap(({ pattern, what }) =>
    [...text.matchAll(pattern)].map(({ index: at }) => ({ at, what })),
  );
  // One secret may look like two kinds.
  return found.filter(({ at }, index) => !found.slice(0, index).some((other) => Math.abs(other.at - at) < 40));
}

// Texts with the secret `canary…` or a known format, which the daemon and the jobs of mapped users both mask.

/** Formats: masked in every text. */
export const SHAPE_EXAMPLES: readonly (readonly [text: string, secret: string])[] = [
  ['git clone https://ghp_abcdefghijklmnop1234@github.com/x', 'ghp_abcdefghijklmnop1234'],
  ['git clone https://me:canary-1@git.example.org/x', 'canary-1'],
  ['https://ada:p@canary@h/x and ssh://canary@h', 'canary'],
  ['train --token hf_abcdefghijklmnop1234', 'hf_abcdefghijklmnop1234'],
  ['AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE', 'AKIAIOSFODNN7EXAMPLE'],
  ['sent eyJhbGciOiJIUzI1.eyJzdWIiOiIx.c2ln to the server', 'eyJzdWIiOiIx'],
  ['-----BEGIN RSA PRIVATE KEY-----\nY2FuYXJ5\nY2FuYXJ6\n-----END RSA PRIVATE KEY-----', 'Y2FuYXJ'],
  ['-----BEGIN PRIVATE KEY-----\nY2FuYXJ5', 'Y2FuYXJ5'],
  ['Authorization: Bearer canary-123', 'canary-123'],
  ['got https://acc.blob/x?sv=1&sig=canary%2Bdef&se=2', 'canary'],
];

/** After a name: masked where a text may contain settings. */
export const NAMED_EXAMPLES: readonly (readonly [text: string, secret: string])[] = [
  ['export DB_PASSWORD=canary', 'canary'],
  ['password = "two canary"', 'canary'],
  ['PASSWORD="a b"canary', 'canary'],
  ["api_key: 'two canary'", 'canary'],
  ['{"secret_key": "canary"}', 'canary'],
  ['train --api-key canary --steps 5', 'canary'],
  ['wget --http-password "a canary"', 'canary'],
  ['Authorization: Token canary', 'canary'],
  ['curl -H "X-Api-Key: canary"', 'canary'],
];

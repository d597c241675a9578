// Secrets within other text: a table of cases, and canaries in any position.
import { expect } from 'chai';
import fc from 'fast-check';
import { quoteWord } from '../../src/base/shell-word.ts';
import { redactShapes, redactText, redactWords } from '../../src/base/secret-patterns.ts';

const CASES = Number(process.env['FUZZ_CASES'] ?? 300);

describe('the redaction of secrets', () => {
  for (const [text, shown] of [
    ['-e MY_CRED=abc123 --shm-size=8g', '-e MY_CRED=******** --shm-size=8g'],
    ['-e "HF_TOKEN=abc def" --ipc=host', '-e "HF_TOKEN=********" --ipc=host'],
    ['--env=ANYTHING=abc -v /a:/b', '--env=ANYTHING=******** -v /a:/b'],
    ['--password hunter2 next', '--password ******** next'],
    ['--password=hunter2 next', '--password=******** next'],
    ['wget --http-password=abc http://x', 'wget --http-password=******** http://x'],
    ['sshpass -p hunter2 ssh x', 'sshpass -p ******** ssh x'],
    ['curl -u ada:hunter2 https://h', 'curl -u ada:******** https://h'],
    ['curl --user=ada:hunter2 https://h', 'curl --user=ada:******** https://h'],
    ['curl -H "X-Api-Key: abc" -d x', 'curl -H "X-Api-Key: ********" -d x'],
    ['curl -H X-Api-Key:abc -d x', 'curl -H X-Api-Key:******** -d x'],
    ['Authorization: Bearer abcdefgh123', 'Authorization: Bearer ********'],
    ['curl -H "Authorization: Bearer abcdefgh" -d x', 'curl -H "Authorization: Bearer ********" -d x'],
    ['machine h login ada password s3cret9', 'machine h login ada password ********'],
    ['https://acc.blob/x?sv=1&sig=abc%2Bdef&se=2', 'https://acc.blob/x?sv=1&sig=********&se=2'],
    ['https://ada:p@ss@h/x and ssh://key@h', 'https://********@h/x and ssh://********@h'],
    ['aws_secret_access_key = wJalrXUt/K7MD', 'aws_secret_access_key = ********'],
    ['AKIAIOSFODNN7EXAMPLE', '********'],
    ['bash -c "curl --password \'a b\' x"', 'bash -c "curl --password \'********\' x"'],
    ['PASSWORD="a b"c d', 'PASSWORD=******** d'],
  ] as const) {
    it(`masks the secrets in: ${text}`, () => {
      expect(redactText(text).shown).to.equal(shown);
    });
  }

  for (const text of [
    'docker run -u 1000:1000 -v /a:/b --network=host --shm-size=8g',
    'docker://127.0.0.1:5000/x@sha256:abcd',
    'nvcr.io/nvidia/keycloak:22',
    'registry:5000/tokenizer/train:1.0',
    'git@host:team/x.git',
    'http://127.0.0.1:8080/a@b',
    'squeue -u ada',
    '/home/ada/.local/state',
    "it's a sentence, of an author",
  ]) {
    it(`masks nothing in: ${text}`, () => {
      expect(redactText(text)).to.deep.equal({ shown: text, secrets: [] });
    });
  }

  it('masks the argument that follows --password in a list of arguments', () => {
    const words = ['-e', 'MY_CRED=a b', '--password', 'x y', '-u', 'ada:pw', '--shm-size=8g', 'curl --token abc'];

    expect(redactWords(words).map(({ shown }) => shown)).to.deep.equal([
      ...['-e', 'MY_CRED=********', '--password', '********', '-u', 'ada:********', '--shm-size=8g'],
      'curl --token ********',
    ]);
  });

  it('masks JSON web tokens and URL passwords in the output of another program', () => {
    expect(redactShapes(`token-eyJhbGciOiJIUzI1.${'a'.repeat(9)}.sig`)).to.equal('token-********');
    expect(redactShapes('a.eyJhbGciOiJIUzI1.b.c eyJ-eyJhbGciOiJIUzI1.d.')).to.equal('a.******** ********');
    expect(redactShapes('token=5 passed, https://u:pw@h failed with Bearer abcdefgh1')).to.equal(
      'token=5 passed, https://********@h failed with Bearer ********',
    );
  });

  /** Texts with a canary, as users write secrets. */
  const CONTEXTS: readonly ((secret: string, quoted: string) => string)[] = [
    (_, quoted) => `-e MY_CRED=${quoted} --ipc=host`,
    (_, quoted) => `--env A_B=${quoted}`,
    (_, quoted) => `tool --password ${quoted} x`,
    (_, quoted) => `tool --api-key=${quoted} x`,
    (_, quoted) => `curl -u ada:${quoted} https://h`,
    (_, quoted) => `export AWS_SECRET_ACCESS_KEY=${quoted}`,
    (_, quoted) => `bash -c ${quoteWord(`curl --token ${quoted} x`)}`,
    (secret) => `curl -H ${quoteWord(`Authorization: Bearer ${secret}`)}`,
    (secret) => `machine h\n  login ada\n  password ${secret.replaceAll(/[\s"'\\]/g, '_')}\n`,
    (secret) => `https://ada:${encodeURIComponent(secret)}@h/x`,
    (secret) => `https://h/x?sv=1&sig=${encodeURIComponent(secret)}&se=2`,
  ];
  const secrets = fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9+/=_.~-]{8,40}$/).filter((text) => !text.startsWith('-')),
    fc.stringMatching(/^[A-Za-z0-9][ -~]{7,30}[A-Za-z0-9]$/),
  );

  it('masks a secret in plain, quoted and URL-encoded form, and reports the secret', () => {
    fc.assert(
      fc.property(fc.constantFrom(...CONTEXTS), secrets, (context, secret) => {
        const quoted = quoteWord(secret);
        const text = context(secret, quoted);
        const written = [quoted, secret, encodeURIComponent(secret), secret.replaceAll(/[\s"'\\]/g, '_')];

        const { shown, secrets: found } = redactText(text);

        for (const form of written) expect(shown).not.to.include(form);
        expect(written.some((form) => found.some((one) => one.includes(form)))).to.equal(
          true,
          `${text} → ${found.join()}`,
        );
      }),
      { numRuns: CASES, seed: Number(process.env['FUZZ_SEED'] ?? 13) },
    );
  });

  it('masks tokens of 12 MB', () => {
    const long = 'a'.repeat(12_000_000);

    expect(redactShapes(`hf_${long} bearer ${long} x eyJ${long}.${long}.c2ln`)).to.equal(
      '******** bearer ******** x ********',
    );
    expect(redactShapes(long)).to.equal(long);
  });

  it('processes texts of 200,000 quotes, dashes or URLs', () => {
    for (const text of [
      'a'.repeat(200_000),
      '--'.repeat(100_000),
      'key'.repeat(60_000),
      '"'.repeat(100_001),
      '\\'.repeat(100_001),
      'a://'.repeat(50_000),
      'https://a:'.repeat(20_000),
      `${'https://a:'.repeat(20_000)}@`,
      'a://b:1/'.repeat(20_000),
      '-eyJaaaaaaaa'.repeat(20_000),
      `${'-eyJ'.repeat(1_000)}.${'a'.repeat(2_000_000)}`,
      `-eyJaaaaaaaa${'.a'.repeat(500_000)}`,
      `key=${') '.repeat(100_000)}x`,
      `${')'.repeat(200_000)}x y`,
      'bearer  '.repeat(20_000),
    ])
      for (const shown of [redactText(text).shown, redactShapes(text)])
        expect(shown.length).to.be.at.most(text.length + 20);
  });
});

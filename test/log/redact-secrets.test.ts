// Hiding secrets in any text.
import { expect } from 'chai';
import fc from 'fast-check';
import { createSecrets } from '../../src/log/redact-secrets.ts';

describe('the redaction of secrets', () => {
  it('masks a secret anywhere in a text, also in base64, a URL and JSON', () => {
    const secrets = createSecrets();
    secrets.add('s3cret/"k"+');

    const text = [
      's3cret/"k"+ twice s3cret/"k"+',
      Buffer.from('s3cret/"k"+').toString('base64'),
      'http://h/?k=s3cret%2F%22k%22%2B',
      JSON.stringify({ key: 's3cret/"k"+' }),
    ].join('\n');

    expect(secrets.redact(text)).to.equal(
      '******** twice ********\n********\nhttp://h/?k=********\n{"key":"********"}',
    );
  });

  it('masks the secret "abcdefghij" completely even if "abcdef" is also a secret', () => {
    const secrets = createSecrets();
    secrets.add('abcdef');
    secrets.add('abcdefghij');

    expect(secrets.redact('abcdefghij abcdef')).to.equal('******** ********');
  });

  it('calls a registered source of secrets only once, at the next redaction', () => {
    const secrets = createSecrets();
    let listings = 0;
    expect(secrets.redact('a-late-secret')).to.equal('a-late-secret');
    secrets.addLater(() => {
      listings += 1;
      return ['a-late-secret'];
    });

    expect(secrets.redact('a-late-secret')).to.equal('********');
    expect(secrets.redact('a-late-secret')).to.equal('********');
    expect(listings).to.equal(1);
  });

  it('masks only the four newest temporary secrets', () => {
    const secrets = createSecrets();
    secrets.add('a lasting one');
    for (let number = 1; number <= 100_000; number += 1) secrets.addPassing(`token-${number}-`);

    expect(secrets.redact('a lasting one, token-1-, token-99996-, token-99997-, token-100000-')).to.equal(
      '********, token-1-, token-99996-, ********, ********',
    );
  });

  it('masks an old temporary secret that was added again', () => {
    const secrets = createSecrets();
    for (const name of ['first-one', 'second-one', 'third-one', 'fourth-one', 'first-one', 'fifth-one'])
      secrets.addPassing(name);

    expect(secrets.redact('first-one second-one')).to.equal('******** second-one');
  });

  it('ignores a secret of only five characters', () => {
    const secrets = createSecrets();
    secrets.add('queue');
    secrets.add('');

    expect(secrets.redact('the queue is empty')).to.equal('the queue is empty');
  });

  it('masks any added secret of at least six characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 6 }), fc.string(), fc.string(), (secret, before, after) => {
        const secrets = createSecrets();
        secrets.add(secret);

        // A secret of nothing but stars would be its own mask.
        fc.pre(!'********'.includes(secret) && !secret.includes('********'));

        expect(secrets.redact(`${before}\n${secret}\n${after}`)).not.to.contain(`\n${secret}\n`);
      }),
    );
  });

  it('masks a truncated secret if at least half of the secret remains', () => {
    const secret = 'kT7-8sQw9Zx_4Lm2Rv6Yb1Nc3Hd5Jf0Gp';
    const secrets = createSecrets();
    secrets.add(secret);

    for (let length = Math.ceil(secret.length / 2); length <= secret.length; length += 1) {
      expect(secrets.redact(`refused: ${secret.slice(0, length)} (400/1)`)).to.equal('refused: ******** (400/1)');
      expect(secrets.redact(`…${secret.slice(-length)} and ${secret}`)).to.equal('…******** and ********');
    }
    expect(secrets.redact(`${secret}${secret.slice(0, 30)}…`)).to.equal('****************…');
    expect(secrets.redact('kT7- is no part of it')).to.equal('kT7- is no part of it');
  });
});

// Reading a token's claims.
import { expect } from 'chai';
import fc from 'fast-check';
import { parseToken } from '../../../src/clearml/connection/login-token.ts';
import { makeToken } from '../scripted-server.ts';

const HOUR_S = 3600;

describe('the parser of ClearML tokens', () => {
  it('reads the user, the API version and the server version', () => {
    const text = makeToken({ identity: { user: 'u7' }, api_version: '2.31', server_version: '2.1.0' });

    expect(parseToken(text, 0)).to.deep.include({ text, user: 'u7', apiVersion: '2.31', serverVersion: '2.1.0' });
  });

  it('rejects a token that is too long for a request', () => {
    const long = makeToken({ identity: { user: 'u'.repeat(8_000) } });

    expect(parseToken(long, 0)).to.equal(undefined);
    expect(parseToken(makeToken({ identity: { user: 'u'.repeat(4_000) } }), 0)).to.not.equal(undefined);
  });

  const cases: readonly [name: string, claims: Record<string, unknown>, receivedAt: number, renewAt: number][] = [
    [
      'the renewal five minutes before the token expires',
      { iat: 100, exp: 100 + 24 * HOUR_S },
      100_000,
      100_000 + 86_400_000 - 300_000,
    ],
    ['the renewal at nine tenths of a short lifetime', { iat: 100, exp: 160 }, 100_000, 154_000],
    [
      "the renewal by the local clock, even if the server's clock is hours off",
      { iat: 100, exp: 100 + 24 * HOUR_S },
      9e9,
      9e9 + 86_100_000,
    ],
    [
      'the renewal at nine tenths of the remaining time if the token has no time of issue',
      { iat: undefined, exp: 1000 },
      900_000,
      990_000,
    ],
    ['no renewal if the token does not expire', { exp: undefined }, 0, Infinity],
    ['an immediate renewal if the token has expired', { iat: undefined, exp: 10 }, 100_000, 19_000],
  ];
  for (const [name, claims, receivedAt, renewAt] of cases) {
    it(`schedules ${name}`, () => {
      expect(parseToken(makeToken(claims), receivedAt)?.renewAt).to.equal(renewAt);
    });
  }

  it("returns the offset of the server's clock in whole seconds if the token has a time of issue", () => {
    expect(parseToken(makeToken({ iat: 190 }), 100_900)?.serverAheadMs).to.equal(90_000);
    expect(parseToken(makeToken({ iat: undefined }), 100_900)?.serverAheadMs).to.equal(undefined);
  });

  it('reads a token that has neither an identity nor an API version', () => {
    const text = makeToken({ identity: undefined, api_version: undefined, server_version: 2 });

    expect(parseToken(text, 0)).to.deep.include({ user: '', apiVersion: '', serverVersion: '' });
  });

  for (const text of ['', 'opaque', 'a.b', 'a.b.c', `a.${Buffer.from('[]').toString('base64url')}.c`]) {
    it(`rejects ${JSON.stringify(text)} as a token`, () => {
      expect(parseToken(text, 0)).to.equal(undefined);
    });
  }

  it('throws no error, whatever the payload', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (payload) => {
        expect(() => parseToken(`a.${Buffer.from(payload).toString('base64url')}.c`, 0)).not.to.throw();
      }),
    );
  });
});

// Login to the sandbox: keys, tokens, and the errors without them.
import { expect } from 'chai';
import * as z from 'zod';
import {
  basicAuthorization,
  createManualClock,
  openSandbox,
  readResult,
  type Answer,
  type OpenSandbox,
} from '../open-sandbox.ts';

async function callAs(
  sandbox: OpenSandbox,
  authorization: string | undefined,
  endpoint = 'users.get_current_user',
): Promise<Answer> {
  const headers = authorization === undefined ? {} : { authorization };
  const reply = await fetch(`${sandbox.url}/${endpoint}`, { method: 'POST', headers });
  return readResult(await reply.text());
}

async function login(sandbox: OpenSandbox, query = ''): Promise<string> {
  const keys = basicAuthorization(sandbox.accessKey, sandbox.secretKey);
  return z.string().parse((await callAs(sandbox, keys, `auth.login${query}`)).data['token']);
}

function claimsOf(token: string): Record<string, unknown> {
  const payload = token.split('.')[1] ?? '';
  return z.record(z.string(), z.unknown()).parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
}

describe('the authentication of the sandbox server', () => {
  it('accepts the keys that the sandbox creates', async () => {
    await using sandbox = await openSandbox();
    expect(sandbox.accessKey).to.match(/^[A-Z0-9]{20}$/);
    expect((await callAs(sandbox, basicAuthorization(sandbox.accessKey, sandbox.secretKey))).result).to.equal('200/0');
  });

  it('returns a separate error code for each kind of invalid credentials', async () => {
    await using sandbox = await openSandbox();
    const results = [
      await callAs(sandbox, undefined),
      await callAs(sandbox, 'Digest abc'),
      await callAs(sandbox, 'Basic ###'),
      await callAs(sandbox, basicAuthorization(sandbox.accessKey, 'wrong')),
      await callAs(sandbox, 'Bearer not.a.token'),
      await callAs(sandbox, 'Bearer nonsense'),
    ].map(({ result }) => result);
    expect(results).to.deep.equal(['401/20', '401/10', '401/21', '401/22', '401/30', '401/30']);
  });

  it('is not required for debug.ping and server.info', async () => {
    await using sandbox = await openSandbox();
    expect((await callAs(sandbox, undefined, 'debug.ping')).result).to.equal('200/0');
    expect((await callAs(sandbox, undefined, 'server.info')).data).to.include({ api_version: '2.34' });
  });
});

describe('a token of the sandbox server', () => {
  it('contains the feature set, the API version and the server version', async () => {
    await using sandbox = await openSandbox();
    const claims = claimsOf(await login(sandbox));
    expect(claims).to.deep.include({ feature_set: 'basic', api_version: '2.34', server_version: '2.3.0' });
    // Clients log in again before every call when less than 12 h are left.
    expect(Number(claims['exp']) - Date.now() / 1000).to.be.greaterThan(24 * 3600);
  });

  it('can be exchanged for a new token with auth.login', async () => {
    await using sandbox = await openSandbox();
    const { data } = await callAs(sandbox, `Bearer ${await login(sandbox)}`, 'auth.login');
    expect((await callAs(sandbox, `Bearer ${String(data['token'])}`)).result).to.equal('200/0');
  });

  it('expires after 60 seconds with expiration_sec=60', async () => {
    const clock = createManualClock();
    await using sandbox = await openSandbox({ clock });
    const token = await login(sandbox, '?expiration_sec=60');
    clock.advance(59_999);
    expect((await callAs(sandbox, `Bearer ${token}`)).result).to.equal('200/0');
    clock.advance(1);
    const answer = await callAs(sandbox, `Bearer ${token}`);
    expect(answer.result).to.equal('401/30');
    expect(answer.message).to.contain('expired');
  });

  it('is rejected by another sandbox', async () => {
    await using one = await openSandbox();
    await using other = await openSandbox();
    expect((await callAs(other, `Bearer ${await login(one)}`)).result).to.equal('401/30');
  });

  it('expires at once after sandbox.expire_tokens', async () => {
    await using sandbox = await openSandbox();
    const token = await login(sandbox);
    await sandbox.ok('sandbox.expire_tokens', { life_seconds: 30 });
    expect((await callAs(sandbox, `Bearer ${token}`)).result).to.equal('401/30');
    const next = await login(sandbox);
    expect((await callAs(sandbox, `Bearer ${next}`)).result).to.equal('200/0');
    expect(Number(claimsOf(next)['exp']) - Number(claimsOf(next)['iat'])).to.equal(30);
  });
});

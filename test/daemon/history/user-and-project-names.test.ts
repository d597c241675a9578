// Tests that names cost one call each, and that no task waits for one.
import { expect } from 'chai';
import { ServerUnreachableError } from '../../../src/clearml/errors.ts';
import { createNames } from '../../../src/daemon/history/user-and-project-names.ts';

describe('the names of users and projects', () => {
  it('are read once each', async () => {
    const calls: string[] = [];
    const read = (id: string): Promise<Readonly<Record<string, unknown>>> => {
      calls.push(id);
      return Promise.resolve({ name: `name of ${id}` });
    };
    const names = createNames({ user: read, project: read });
    expect([await names.user('a'), await names.user('a'), await names.project('a')]).to.deep.equal([
      'name of a',
      'name of a',
      'name of a',
    ]);
    expect(calls).to.deep.equal(['a', 'a']);
  });

  it('are truncated, because the journal and the history repeat them', async () => {
    const read = (): Promise<Readonly<Record<string, unknown>>> => Promise.resolve({ name: 'a'.repeat(16_000_000) });
    const names = createNames({ user: read, project: read });
    expect([(await names.user('a'))?.length, (await names.project('a'))?.length]).to.deep.equal([200, 200]);
  });

  it('are unknown for a deleted user, and while the server does not respond, and are read again later', async () => {
    const responses = [
      () => Promise.resolve(undefined),
      () => Promise.reject(new ServerUnreachableError('no response', false)),
      () => Promise.resolve({ name: 'Ada' }),
    ];
    const read = (): Promise<Readonly<Record<string, unknown>> | undefined> =>
      (responses.shift() ?? expect.fail('it was read too often'))();
    const names = createNames({ user: read, project: read });
    expect([await names.user('a'), await names.user('a'), await names.user('a')]).to.deep.equal([
      undefined,
      undefined,
      'Ada',
    ]);
  });
});

// Tests that names cost one call each, and that no task waits long for one.
import { expect } from 'chai';
import { systemClock } from '../../src/base/clock.ts';
import { ServerRefusedError, ServerUnreachableError } from '../../src/clearml/errors.ts';
import { createNames } from '../../src/daemon/users-and-projects.ts';
import { createSimulatedClock } from '../simulation/clock.ts';

type Document = Readonly<Record<string, unknown>> | undefined;

function readsInTurn(...responses: (() => Promise<Document>)[]): () => Promise<Document> {
  return () => (responses.shift() ?? expect.fail('it was read too often'))();
}

describe('the names of users and projects', () => {
  it('are read once each', async () => {
    const calls: string[] = [];
    const read = (id: string): Promise<Document> => {
      calls.push(id);
      return Promise.resolve({ name: `name of ${id}` });
    };
    const names = createNames({ user: read, project: read }, systemClock);
    expect([await names.user('a'), await names.user('a'), await names.project('a')]).to.deep.equal([
      'name of a',
      'name of a',
      'name of a',
    ]);
    expect(calls).to.deep.equal(['a', 'a']);
  });

  it('are truncated, because the journal and the history repeat them', async () => {
    const read = (): Promise<Document> => Promise.resolve({ name: 'a'.repeat(16_000_000) });
    const names = createNames({ user: read, project: read }, systemClock);
    expect([(await names.user('a'))?.length, (await names.project('a'))?.length]).to.deep.equal([200, 200]);
  });

  it('are unknown while the server does not respond, and are read again later', async () => {
    const read = readsInTurn(
      () => Promise.reject(new ServerUnreachableError('no response', false)),
      () => Promise.resolve({ name: 'Ada' }),
    );
    const names = createNames({ user: read, project: read }, systemClock);
    expect([await names.user('a'), await names.user('a')]).to.deep.equal([undefined, 'Ada']);
  });

  for (const [what, response] of [
    ['deleted', () => Promise.resolve(undefined)],
    ['refused', () => Promise.reject(new ServerRefusedError('no permission', 'users.get_by_id', 403, 0))],
  ] as const)
    it(`are unknown for a ${what} user, who is not read again`, async () => {
      const read = readsInTurn(response);
      const names = createNames({ user: read, project: read }, systemClock);
      expect([await names.user('a'), await names.user('a')]).to.deep.equal([undefined, undefined]);
    });

  it('are awaited once, for at most two seconds; if they arrive later, later tasks have them', async () => {
    const clock = createSimulatedClock(0);
    let respond: (document: Document) => void = () => undefined;
    const read = readsInTurn(() => new Promise((resolve) => (respond = resolve)));
    const names = createNames({ user: read, project: read }, clock.of(1));
    const first = names.user('a');
    clock.pass(2_000);
    expect([await first, await names.user('a')]).to.deep.equal([undefined, undefined]);

    respond({ name: 'Ada' });
    await new Promise(setImmediate);
    expect(await names.user('a')).to.equal('Ada');
  });

  it('leave no timer behind', async () => {
    const clock = createSimulatedClock(0);
    const read = readsInTurn(() => Promise.resolve({ name: 'Ada' }));
    await createNames({ user: read, project: read }, clock.of(1)).user('a');
    expect(clock.nextWakeAt()).to.equal(undefined);
  });
});

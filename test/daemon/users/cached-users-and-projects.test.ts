// Tests that users, projects and their names cost one call each, and that no task waits long for a name.
import { expect } from 'chai';
import { systemClock } from '../../../src/base/clock.ts';
import type { People } from '../../../src/clearml/client.ts';
import { ServerRefusedError, ServerUnreachableError } from '../../../src/clearml/errors.ts';
import { cachePeople, createNames } from '../../../src/daemon/users/cached-users-and-projects.ts';
import { createSimulatedClock } from '../../simulation/clock.ts';

type Document = Readonly<Record<string, unknown>> | undefined;

function readsInTurn(...responses: (() => Promise<Document>)[]): () => Promise<Document> {
  return () => (responses.shift() ?? expect.fail('it was read too often'))();
}

describe('the cache of the names of users and projects', () => {
  it('reads each name only once', async () => {
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

  it('truncates names to 200 characters', async () => {
    const read = (): Promise<Document> => Promise.resolve({ name: 'a'.repeat(16_000_000) });
    const names = createNames({ user: read, project: read }, systemClock);
    expect([(await names.user('a'))?.length, (await names.project('a'))?.length]).to.deep.equal([200, 200]);
  });

  it('returns no name while ClearML does not respond, and reads the name again later', async () => {
    const read = readsInTurn(
      () => Promise.reject(new ServerUnreachableError('no response', false)),
      () => Promise.resolve({ name: 'Ada' }),
    );
    const names = createNames({ user: read, project: read }, systemClock);
    expect([await names.user('a'), await names.user('a')]).to.deep.equal([undefined, 'Ada']);
  });

  for (const [what, response] of [
    ['who was deleted', () => Promise.resolve(undefined)],
    [
      'whom ClearML does not show',
      () => Promise.reject(new ServerRefusedError('no permission', 'users.get_by_id', 403, 0)),
    ],
  ] as const)
    it(`returns no name of a user ${what}, and reads the name only once`, async () => {
      const read = readsInTurn(response);
      const names = createNames({ user: read, project: read }, systemClock);
      expect([await names.user('a'), await names.user('a')]).to.deep.equal([undefined, undefined]);
    });

  it('returns no name after two seconds without a response, but the name once the response arrives', async () => {
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

  it('leaves no timer running after it has read the names', async () => {
    const clock = createSimulatedClock(0);
    const read = readsInTurn(() => Promise.resolve({ name: 'Ada' }));
    await createNames({ user: read, project: read }, clock.of(1)).user('a');
    expect(clock.nextWakeAt()).to.equal(undefined);
  });
});

describe('the cache of the complete records of users and projects', () => {
  it('reads each record only once, even for concurrent requests', async () => {
    const { people, asked } = createPeople();
    const remembered = cachePeople(people);
    expect(await Promise.all([remembered.user('ada'), remembered.user('ada')])).to.deep.equal([
      { id: 'ada' },
      { id: 'ada' },
    ]);
    expect(await remembered.user('ada')).to.deep.equal({ id: 'ada' });
    await remembered.user('grace');
    await remembered.project('ada');
    expect(asked).to.deep.equal(['user ada', 'user grace', 'project ada']);
  });

  it('reads a record again after a failure', async () => {
    const { people, asked } = createPeople(1);
    const remembered = cachePeople(people);
    expect(await remembered.user('ada').catch(String)).to.match(/away/);
    expect(await remembered.user('ada')).to.deep.equal({ id: 'ada' });
    expect(asked).to.deep.equal(['user ada', 'user ada']);
  });
});

function createPeople(failures = 0): { people: People; asked: string[] } {
  const asked: string[] = [];
  let left = failures;
  const answer = (what: string) => (id: string) => {
    asked.push(`${what} ${id}`);
    left -= 1;
    return left >= 0 ? Promise.reject(new Error('away')) : Promise.resolve({ id });
  };
  return { people: { user: answer('user'), project: answer('project'), all: () => Promise.resolve([]) }, asked };
}

// Users whose queries fail do not keep the others from their answers.
import { expect } from 'chai';
import { createUserQueries, type EachUser } from '../../src/slurm/query-each-user.ts';

interface Bed {
  readonly asked: string[];
  /** Asks as these users. Users whose names begin with f fail, and sudo refuses those whose names begin with r. */
  readonly query: (...users: readonly string[]) => Promise<EachUser<string>>;
}

function createBed(): Bed {
  const each = createUserQueries<string>();
  const asked: string[] = [];
  return {
    asked,
    query: (...users) =>
      each(users, (user) => {
        asked.push(user);
        const isRefused = user.startsWith('r');
        return Promise.resolve(
          isRefused || user.startsWith('f') ? { message: `${user} failed`, isRefused } : undefined,
        );
      }),
  };
}

describe('createUserQueries (one query as each Unix user)', () => {
  it('reports a failure only for the user whose query failed', async () => {
    const { failures, isDown } = await createBed().query('f1', 'alice', 'bob');
    expect([...failures]).to.deep.equal([['f1', 'f1 failed']]);
    expect(isDown).to.equal(false);
  });

  it('first queries the users that the previous call skipped', async () => {
    const { asked, query } = createBed();
    const first = await query('f1', 'f2', 'alice', 'bob');
    expect(asked.splice(0)).to.deep.equal(['f1', 'f2']);
    expect([...first.failures.keys()]).to.deep.equal(['f1', 'f2', 'alice', 'bob']);
    expect(first.isDown).to.equal(true);

    const second = await query('f1', 'f2', 'alice', 'bob');
    expect(asked).to.deep.equal(['alice', 'bob', 'f1', 'f2']);
    expect([...second.failures.keys()]).to.deep.equal(['f1', 'f2']);
    expect(second.isDown).to.equal(false);
  });

  it('queries the fourth user even if sudo refuses the queries of the first three users', async () => {
    const { asked, query } = createBed();
    const { failures, isDown } = await query('r1', 'r2', 'r3', 'alice');
    expect(asked).to.deep.equal(['r1', 'r2', 'r3', 'alice']);
    expect([...failures.keys()]).to.deep.equal(['r1', 'r2', 'r3']);
    expect(isDown).to.equal(false);
  });
});

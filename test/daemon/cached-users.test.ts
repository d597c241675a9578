// Tests the cache of users and projects.
import assert from 'node:assert/strict';
import type { People } from '../../src/clearml/client.ts';
import { cachePeople } from '../../src/daemon/users-and-projects.ts';

describe('the cache of users and projects', () => {
  it('reads each user and project once, even for concurrent requests', async () => {
    const { people, asked } = createPeople();
    const remembered = cachePeople(people);
    assert.deepEqual(await Promise.all([remembered.user('ada'), remembered.user('ada')]), [
      { id: 'ada' },
      { id: 'ada' },
    ]);
    assert.deepEqual(await remembered.user('ada'), { id: 'ada' });
    await remembered.user('grace');
    await remembered.project('ada');
    assert.deepEqual(asked, ['user ada', 'user grace', 'project ada']);
  });

  it('reads a user again after a failure', async () => {
    const { people, asked } = createPeople(1);
    const remembered = cachePeople(people);
    await assert.rejects(remembered.user('ada'), /away/);
    assert.deepEqual(await remembered.user('ada'), { id: 'ada' });
    assert.deepEqual(asked, ['user ada', 'user ada']);
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

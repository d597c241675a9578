// Tests that the owner of a task is read once, and that an unread task is not taken for a deleted one.
import { expect } from 'chai';
import type { TaskList } from '../../../src/clearml/client.ts';
import type { TaskId } from '../../../src/clearml/ids.ts';
import { createTaskOwners } from '../../../src/daemon/users/task-owners.ts';
import { taskOf } from '../decide/observations.ts';

const [OF_ALICE, OWNERLESS, DELETED, UNREAD] = ['1', '2', '3', '4'].map((digit) => digit.repeat(32) as TaskId) as [
  TaskId,
  TaskId,
  TaskId,
  TaskId,
];

describe('the reader of task owners', () => {
  const reads: TaskId[][] = [];
  const tasks = {
    read(ids: readonly TaskId[]): Promise<TaskList> {
      reads.push([...ids]);
      const known = [taskOf('queued', { id: OF_ALICE, user: 'alice' }), taskOf('queued', { id: OWNERLESS })];
      return Promise.resolve({
        tasks: new Map(known.filter(({ id }) => ids.includes(id)).map((task) => [task.id, task])),
        unread: new Set(ids.filter((id) => id === UNREAD)),
      });
    },
  };
  beforeEach(() => reads.splice(0));

  it('reads the owner of each task only once, even if the task is deleted or has no owner', async () => {
    const owners = createTaskOwners();
    await owners.read(tasks, [OF_ALICE, OWNERLESS, DELETED]);
    await owners.read(tasks, [OF_ALICE, OWNERLESS, DELETED]);

    expect(reads).to.deep.equal([[OF_ALICE, OWNERLESS, DELETED]]);
    expect(owners.get(OF_ALICE)).to.include({ owner: 'alice' });
    expect(owners.get(OWNERLESS)).to.include({ owner: '' });
    expect(owners.get(OWNERLESS)).not.to.have.property('isDeleted');
    expect(owners.get(DELETED)).to.include({ owner: '', isDeleted: true });
  });

  it('returns no owner of an unreadable task, and reads the owner again later', async () => {
    const owners = createTaskOwners();
    await owners.read(tasks, [UNREAD]);
    expect(owners.get(UNREAD)).to.equal(undefined);
    expect(await owners.read(tasks, [UNREAD])).to.equal(1);
  });

  it('reads no more tasks than the caller allows', async () => {
    const owners = createTaskOwners();
    expect(await owners.read(tasks, [OF_ALICE, OWNERLESS, DELETED], 2)).to.equal(2);
    expect(await owners.read(tasks, [OF_ALICE], 0)).to.equal(0);
    expect(reads).to.deep.equal([[OF_ALICE, OWNERLESS]]);
  });
});

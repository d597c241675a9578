// Tests that a state directory of one ClearML server is not used for another one, whose tasks all seem to be deleted.
import { expect } from 'chai';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { QueueId } from '../../../src/clearml/ids.ts';
import type { ClearmlClient } from '../../../src/clearml/client.ts';
import { JournalError } from '../../../src/daemon/journal/journal.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import { formatJournal } from '../../../src/daemon/journal/journal-lines.ts';
import { refuseStateOfOtherServer } from '../../../src/daemon/serve/wait-for-cluster.ts';
import { rejection } from '../../support/rejection.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { entryOf } from '../decide/observations.ts';
import { createStepFixture, taskNumber, type StepFixture } from '../step-fixture.ts';

const GONE = 'e'.repeat(32) as QueueId;

describe('at its start, the daemon', () => {
  let folder: string;
  let fixture: StepFixture;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'state-'));
    fixture = createStepFixture();
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function check(
    entries: readonly Partial<Entry>[],
    clearml: ClearmlClient = fixture.deps.clearml,
  ): Promise<void> {
    const lines = entries.map((entry, index) =>
      formatJournal({ entry: entryOf({ task: taskNumber(index + 1), ...entry }) }),
    );
    await writeFile(join(folder, 'journal.jsonl'), lines.join(''));
    await refuseStateOfOtherServer({ clearml, server: { apiServer: 'http://staging' } }, folder);
  }

  it('refuses a state directory with the journal of another ClearML server (D-21)', async () => {
    const refused = await rejection(
      check([
        { queue: GONE, schedulerQueue: GONE },
        { queue: GONE, schedulerQueue: undefined },
      ]),
    );

    expect(refused).to.be.instanceOf(JournalError);
    expect(String(refused)).to.include(folder).and.to.include('http://staging').and.to.include('state_dir');
    expect((await readFile(join(folder, 'journal.jsonl'), 'utf8')).split('\n')).to.have.length(3);
  });

  it('accepts the state directory if the server knows a queue of the journal, but no task', async () => {
    await check([{ queue: OWN_QUEUE, schedulerQueue: GONE }]);
    await check([{ queue: GONE, schedulerQueue: SCHEDULER_QUEUE }]);
    await check([{ queue: GONE }, { queue: OWN_QUEUE }]);
  });

  it('accepts the state directory if the server knows a task of the journal, but no queue', async () => {
    fixture.server.addTask(taskNumber(2), 'task 2');

    await check([{ queue: GONE }, { queue: GONE }]);
  });

  it('accepts the state directory if the queues or tasks of the server are unreadable', async () => {
    const { clearml } = fixture.deps;
    const queues = { ...clearml.queues, read: () => Promise.resolve({ queues: [], isWhole: false }) };
    await check([{ queue: GONE }], { ...clearml, queues });
    const unread = { tasks: new Map(), unread: new Set([taskNumber(1)]) };
    await check([{ queue: GONE }], { ...clearml, tasks: { ...clearml.tasks, read: () => Promise.resolve(unread) } });
  });

  it('accepts an empty journal, and makes no call to ClearML', async () => {
    await check([]);
    await rm(join(folder, 'journal.jsonl'));
    await refuseStateOfOtherServer({ clearml: fixture.deps.clearml, server: { apiServer: 'http://s' } }, folder);

    expect(fixture.calls).to.deep.equal([]);
  });
});

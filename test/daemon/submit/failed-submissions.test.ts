// sbatch fails without a response about the job: only if it fails for the tasks of several users do all wait.
import { expect } from 'chai';
import { createRateLimit } from '../../../src/base/token-bucket.ts';
import type { DaemonDeps } from '../../../src/daemon/deps.ts';
import { parseJobName } from '../../../src/slurm/job-name.ts';
import { OTHER_QUEUE, OWN_QUEUE } from '../../simulation/queues.ts';
import { range, submittedOf } from '../claim/limited-claims.ts';
import { advance, startDaemon, type DaemonRun } from '../run-daemon.ts';
import { createStepFixture, taskNumber, type StepFixture } from '../step-fixture.ts';
import { createBed } from '../user-map-bed.ts';

const MINUTE_MS = 60_000;
const UNAVAILABLE = { kind: 'unavailable', message: 'A fatal error of a release to come' } as const;
const UNKNOWN = { kind: 'unknown', message: 'Unexpected message received.' } as const;

for (const failure of [UNAVAILABLE, UNKNOWN])
  describe(`submissions with the outcome "${failure.kind}"`, () => {
    let fixture: StepFixture;
    let daemon: DaemonRun;
    let isBroken: (task: number) => boolean;
    /** The tasks of each sbatch that failed. */
    let failed: number[];

    beforeEach(() => {
      fixture = createStepFixture();
      failed = [];
    });

    afterEach(async () => {
      await daemon.end();
    });

    function start(given: DaemonDeps = fixture.deps, queueCount = 2): void {
      const [own] = given.queues;
      if (own === undefined) throw new Error('the fixture serves no queue');
      const { scheduler } = given;
      daemon = startDaemon({
        ...given,
        queues: [own, { ...own, id: OTHER_QUEUE, name: 'other' }].slice(0, queueCount),
        rateLimit: createRateLimit({ perSecond: 100, burst: 1_000 }),
        scheduler: {
          ...scheduler,
          submit(submission) {
            const task = Number(parseJobName(submission.jobName)?.taskId);
            if (!isBroken(task)) return scheduler.submit(submission);
            failed.push(task);
            return Promise.resolve(failure);
          },
        },
      });
    }

    async function enqueue(number: number, { queue = OWN_QUEUE, owner = 'alice' } = {}): Promise<void> {
      const { server } = fixture;
      const task = taskNumber(number);
      server.addTask(task, `task ${number}`);
      const document = server.store.tasks.get(task);
      if (document !== undefined) server.store.tasks.put({ ...document, user: owner });
      await server.call('tasks.enqueue', { task, queue });
    }

    it('delay no task of another queue, even if all submissions of the first queue fail (S-68)', async () => {
      isBroken = (task) => task < 100;
      start();
      for (const number of range(1, 30)) {
        if (number % 3 === 1) for (const more of range(0, 2)) await enqueue(number + more, { owner: 'eve' });
        await enqueue(100 + number, { queue: OTHER_QUEUE, owner: 'eve' });
        await advance(fixture.clock, 20_000);
        expect(submittedOf(fixture)).to.include(100 + number);
      }
    });

    it('delay no task of another user in the same queue', async () => {
      isBroken = (task) => task < 100;
      start(fixture.deps, 1);
      for (const number of range(1, 5)) await enqueue(number, { owner: 'eve' });
      await advance(fixture.clock, MINUTE_MS);
      for (const number of range(1, 20)) {
        if (number % 5 === 1) await enqueue(10 + number, { owner: 'eve' });
        await enqueue(100 + number);
        await advance(fixture.clock, 20_000);
        expect(submittedOf(fixture)).to.include(100 + number);
      }
    });

    it('delay other tasks of the same user by at most 90 s', async () => {
      isBroken = (task) => task === 1;
      start(fixture.deps, 1);
      for (const number of range(1, 5)) await enqueue(number);
      await advance(fixture.clock, 90_000);
      expect(submittedOf(fixture)).to.have.members(range(2, 5));
    });

    it('delay no task of another Unix user', async () => {
      const bed = createBed();
      ({ fixture } = bed);
      isBroken = (task) => task < 100;
      start(bed.deps, 1);
      for (const number of range(1, 12)) await bed.enqueued(number, 'a1');
      await advance(fixture.clock, MINUTE_MS);
      for (const number of range(101, 110)) {
        await bed.enqueued(number, 'b2');
        await advance(fixture.clock, 20_000);
        expect(submittedOf(fixture)).to.include(number);
      }
    });

    it("from two users in two queues delay a third user's tasks by at most 30 s", async () => {
      isBroken = (task) => task < 100;
      start();
      for (const number of range(1, 20)) {
        await enqueue(2 * number, { owner: 'eve' });
        await enqueue(2 * number + 1, { owner: 'mallory', queue: OTHER_QUEUE });
        await enqueue(100 + number, { queue: OTHER_QUEUE });
        await advance(fixture.clock, 30_000);
        expect(submittedOf(fixture)).to.include(100 + number);
      }
    });

    it("from two users during half an hour delay a third user's first task by at most 45 s", async () => {
      isBroken = (task) => task < 100;
      start();
      for (const number of range(1, 20)) await enqueue(number, { owner: 'eve' });
      for (const number of range(21, 40)) await enqueue(number, { owner: 'mallory', queue: OTHER_QUEUE });
      await advance(fixture.clock, 30 * MINUTE_MS);
      await enqueue(101, { queue: OTHER_QUEUE });
      await advance(fixture.clock, 45_000);
      expect(submittedOf(fixture)).to.deep.equal([101]);
    });

    it('lose none of 40 tasks if Slurm accepts no job for half an hour', async () => {
      isBroken = () => true;
      start();
      for (const number of range(1, 20)) await enqueue(number, { owner: `user${number}` });
      await advance(fixture.clock, 5 * MINUTE_MS);
      const before = failed.length;
      for (const number of range(101, 120)) await enqueue(number, { owner: `user${number}`, queue: OTHER_QUEUE });
      await advance(fixture.clock, 25 * MINUTE_MS);
      if (failure === UNAVAILABLE) expect(failed.slice(before)).to.have.length.below(40);
      expect(submittedOf(fixture)).to.deep.equal([]);

      isBroken = () => false;
      await advance(fixture.clock, 12 * MINUTE_MS);
      expect(submittedOf(fixture)).to.have.members([...range(1, 20), ...range(101, 120)]);
    });

    it("fail each task within an hour with sbatch's message if Slurm accepts other jobs", async () => {
      isBroken = (task) => task === 1;
      start();
      await enqueue(1);
      for (const number of range(101, 220)) {
        await enqueue(number, { queue: OTHER_QUEUE });
        await advance(fixture.clock, 30_000);
      }
      const task = await fixture.read(taskNumber(1));
      expect(task?.status).to.equal('failed');
      expect(task?.statusMessage).to.include(failure.message.replace(/\.$/, ''));
      expect(task?.statusReason).to.equal('rejected by Slurm');
      expect(failed).to.have.length.within(10, 12);
      expect(fixture.deps.journal.entries.has(taskNumber(1))).to.equal(false);
    });
  });

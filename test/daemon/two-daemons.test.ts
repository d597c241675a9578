// Two daemons on the same queues and cluster: each task is told of by one of them, and by the other one when that is dead.
import { expect } from 'chai';
import type { TaskId } from '../../src/clearml/ids.ts';
import { formatJobName, newAttempt } from '../../src/slurm/job-name.ts';
import type { JobId } from '../../src/slurm/scheduler.ts';
import { pass, start } from './daemon-run.ts';
import { anotherUser } from './another-user.ts';
import { createDesk, type Desk } from './desk.ts';
import type { Disk } from '../simulation/memory-journal.ts';
import { entryOf, jobOf, NOW } from './sightings.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../simulation/queues.ts';

const MINUTE_MS = 60_000;

async function enqueued(desk: Desk, count: number): Promise<TaskId[]> {
  const tasks: TaskId[] = [];
  for (let number = 1; number <= count; number += 1) tasks.push(await desk.enqueued(number));
  return tasks;
}

function startJobs({ cluster, clock }: Desk): void {
  for (const job of cluster.jobs) Object.assign(job, { state: 'RUNNING', startAt: clock.now() });
}

describe('two daemons', () => {
  it('D-09 take each task once, and tell of it once', async () => {
    const desk = createDesk();
    const tasks = await enqueued(desk, 20);
    const runs = [start(desk.glue), start(desk.neighbour(2))];
    await pass(desk.clock, 2 * MINUTE_MS);
    startJobs(desk);
    await pass(desk.clock, 2 * MINUTE_MS);
    for (const run of runs) run.stop();
    await Promise.all(runs.map(({ ended }) => ended));

    expect(desk.cluster.jobs).to.have.length(20);
    for (const task of tasks) {
      expect(desk.said(task).map((line) => line.split(' ', 1)[0])).to.deep.equal([
        'Taken',
        'Submitted',
        'Slurm',
        'Slurm',
      ]);
    }
  });

  it('D-10 take over from each other: six minutes after one has died the other follows all its jobs', async () => {
    const desk = createDesk();
    const first = start(desk.glue);
    const [task] = await enqueued(desk, 1);
    await pass(desk.clock, MINUTE_MS);
    const other = desk.neighbour(2);
    const second = start(other);
    await pass(desk.clock, MINUTE_MS);
    expect([...other.journal.entries.keys()]).to.deep.equal([]);

    desk.clock.drop(1);
    await pass(desk.clock, MINUTE_MS);
    expect([...other.journal.entries.keys()], 'not at once').to.deep.equal([]);
    await pass(desk.clock, 5 * MINUTE_MS);
    expect([...other.journal.entries.keys()]).to.deep.equal([task]);
    second.stop();
    await second.ended;
    first.stop();
  });

  it('D-10 leave jobs to the daemon that submitted them when it is back, also when it has lost its journal', async () => {
    const desk = createDesk();
    const disk: Disk = { text: '' };
    const early = desk.neighbour(2, disk);
    start(early);
    const [task = ''] = await enqueued(desk, 1);
    await pass(desk.clock, MINUTE_MS);
    desk.clock.drop(2);
    const run = start(desk.glue);
    await pass(desk.clock, 10 * MINUTE_MS);
    expect([...desk.glue.journal.entries.keys()]).to.deep.equal([task]);

    const late = {
      ...desk.neighbour(3),
      worker: early.worker,
      mark: early.mark,
      neighbours: desk.neighbour(2).neighbours,
    };
    const back = start(late);
    await pass(desk.clock, 3 * MINUTE_MS);
    expect([...desk.glue.journal.entries.keys()]).to.deep.equal([]);
    expect([...late.journal.entries.keys()]).to.deep.equal([task]);
    for (const one of [run, back]) one.stop();
    await Promise.all([run.ended, back.ended]);
  });

  it('D-10 leave a task to the one that has taken it over and submitted it anew, who alone knows why its job was cancelled', async () => {
    const desk = createDesk();
    start(desk.glue);
    const [task = '' as TaskId] = await enqueued(desk, 1);
    await pass(desk.clock, MINUTE_MS);
    desk.clock.drop(1);
    for (const job of desk.cluster.jobs) desk.cluster.end(job, 'CANCELLED', 0);
    const back = desk.neighbour(2);
    const attempt = newAttempt(desk.clock.now() - 60 * MINUTE_MS, back.mark, 'once');
    await back.journal.write(entryOf({ task, queue: OWN_QUEUE, attempt, jobId: '99' as JobId }));

    const run = start(back);
    await pass(desk.clock, MINUTE_MS);

    expect((await desk.read(task))?.status).to.equal('queued');
    expect([...back.journal.entries.keys()]).to.deep.equal([]);
    run.stop();
    await run.ended;
  });

  it('wait for each other through an outage of the server: nothing changes hands because of it', async () => {
    const desk = createDesk();
    const other = desk.neighbour(2);
    const tasks = await enqueued(desk, 6);
    const runs = [start(desk.glue), start(other)];
    await pass(desk.clock, 2 * MINUTE_MS);
    const before = [desk.glue, other].map(({ journal }) => [...journal.entries.keys()].sort());
    expect(before.flat().sort()).to.deep.equal(tasks.toSorted());

    desk.fate = ({ kind }) => (kind === 'clearml' ? 'not made' : undefined);
    await pass(desk.clock, 60 * MINUTE_MS);
    desk.fate = () => undefined;
    await pass(desk.clock, 5 * MINUTE_MS);
    expect([desk.glue, other].map(({ journal }) => [...journal.entries.keys()].sort())).to.deep.equal(before);
    for (const run of runs) run.stop();
    await Promise.all(runs.map(({ ended }) => ended));
  });

  it('ask for the whole table of jobs seldom, however many tasks another Unix user has parked there', async () => {
    const desk = createDesk({});
    // To this one the jobs of the other are hidden.
    const { scheduler } = anotherUser(desk.glue.scheduler);
    const run = start(desk.neighbour(2));
    await enqueued(desk, 5);
    await pass(desk.clock, MINUTE_MS);
    const half = start({ ...desk.glue, scheduler });
    await pass(desk.clock, 60 * MINUTE_MS);

    expect(desk.cluster.jobs).to.have.length(5);
    expect(desk.waiting(OWN_QUEUE)).to.deep.equal([]);
    expect(desk.calls.filter((call) => call === "everybody's squeue")).to.have.length.within(1, 13);
    for (const one of [run, half]) one.stop();
    await Promise.all([run.ended, half.ended]);
  });

  it('D-11 of different Unix users take over too: the job is found among those of all users, and its task is told so', async () => {
    const desk = createDesk();
    const glue = { ...desk.glue, scheduler: anotherUser(desk.glue.scheduler).scheduler };
    start(desk.neighbour(2));
    const [task = '' as TaskId] = await enqueued(desk, 1);
    await pass(desk.clock, MINUTE_MS);
    desk.clock.drop(2);
    const run = start(glue);
    await pass(desk.clock, 15 * MINUTE_MS);

    expect(desk.cluster.jobs).to.have.length(1);
    expect(glue.journal.entries.get(task)).to.include({ isOthersJob: true, jobId: '1' });
    expect(desk.said(task).filter((line) => line.includes('another Unix user'))).to.have.length(1);

    const [job] = desk.cluster.jobs;
    if (job !== undefined) desk.cluster.end(job, 'FAILED', 1);
    await pass(desk.clock, 5 * MINUTE_MS);
    expect((await desk.read(task))?.status).to.equal('failed');
    run.stop();
    await run.ended;
  });

  it("of different Unix users never cancel each other's job, not even of an aborted task", async () => {
    const desk = createDesk();
    const user = anotherUser(desk.glue.scheduler);
    const glue = { ...desk.glue, scheduler: user.scheduler };
    start(desk.neighbour(2));
    const [task = '' as TaskId] = await enqueued(desk, 1);
    await pass(desk.clock, MINUTE_MS);
    desk.clock.drop(2);
    const run = start(glue);
    await pass(desk.clock, 15 * MINUTE_MS);
    expect(glue.journal.entries.get(task)).to.include({ isOthersJob: true, jobId: '1' });

    await desk.glue.clearml.tasks.abort(task);
    await pass(desk.clock, 5 * MINUTE_MS);

    expect(user.touched).to.deep.equal([]);
    expect(desk.cluster.jobs.map(({ state }) => state)).to.deep.equal(['PENDING']);
    run.stop();
    await run.ended;
  });

  it('of different Unix users go by their own jobs of a task, whatever others submit under its name', async () => {
    const desk = createDesk();
    const user = anotherUser(desk.glue.scheduler);
    const [task = '' as TaskId] = await enqueued(desk, 1);
    await desk.glue.clearml.queues.take(OWN_QUEUE, task);
    await desk.glue.clearml.queues.park(SCHEDULER_QUEUE, task);
    const name = formatJobName(task, newAttempt(NOW, 'abcde', '0000'));
    user.foreign = [jobOf('PENDING', { id: '4711' as JobId, name, reason: 'JobHeldUser', isOthers: true })];
    const run = start({ ...desk.glue, scheduler: user.scheduler });
    await pass(desk.clock, 15 * MINUTE_MS);

    expect(desk.cluster.jobs.map((job) => job.task)).to.deep.equal([task]);
    expect(desk.glue.journal.entries.get(task)).to.include({ jobId: '1' });
    expect(user.touched).to.deep.equal([]);
    run.stop();
    await run.ended;
  });
});

// Taking strays in: what could not be written down, or not be told from somebody else's, is found again at the next look.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import { createStrays } from '../../../src/daemon/recover/adopt.ts';
import { formatJobName, newAttempt } from '../../../src/slurm/job-name.ts';
import { JOB_EXIT_CODES } from '../../../src/template/job-exit-codes.ts';
import { pass, start } from '../daemon-run.ts';
import { createDesk, type Desk } from '../desk.ts';
import { fullJournal } from '../full-journal.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';

const signal = new AbortController().signal;

/** A task that waits, and of which the journal knows nothing. */
async function left(desk: Desk, { isParked }: { readonly isParked: boolean }): Promise<TaskId> {
  const task = await desk.enqueued(1);
  await desk.server.call('queues.get_next_task', { queue: OWN_QUEUE });
  if (isParked) {
    await desk.server.call('queues.add_task', { queue: SCHEDULER_QUEUE, task, update_execution_queue: false });
  }
  desk.clock.pass(desk.glue.adoptMs + 1_000);
  return task;
}

describe('taking strays in', () => {
  for (const { what, isParked } of [
    { what: 'parked', isParked: true },
    { what: 'in no queue', isParked: false },
  ]) {
    it(`D-06 finds a task that is ${what} again at once when the disk was full before`, async () => {
      const desk = createDesk();
      const strays = createStrays(desk.glue);
      const task = await left(desk, { isParked });
      desk.fate = ({ kind }) => (kind === 'journal' ? 'not made' : undefined);
      expect(await strays.takeIn(await desk.look(), { everywhere: true, signal })).to.equal(false);

      desk.fate = () => undefined;
      expect(await strays.takeIn(await desk.look(), { everywhere: true, signal })).to.equal(true);
      expect([...desk.glue.journal.entries.keys()]).to.deep.equal([task]);
    });
  }

  it('takes in none while as many tasks are followed as may be, and says that it has not found all', async () => {
    const desk = createDesk();
    await left(desk, { isParked: true });
    const view = await desk.look();
    const strays = createStrays({ ...desk.glue, journal: fullJournal(desk.glue.journal) });

    expect(await strays.takeIn(view, { everywhere: true, signal })).to.equal(false);
    expect(desk.glue.journal.entries.size).to.equal(0);
  });

  it("says that it has not found all while everybody's jobs can not be listed", async () => {
    const desk = createDesk();
    const task = await left(desk, { isParked: true });
    const { scheduler } = desk.glue;
    const listAllUsers = (): ReturnType<typeof scheduler.listAllUsers> =>
      Promise.resolve({ kind: 'failed', words: 'Socket timed out' });
    const blind = createStrays({ ...desk.glue, scheduler: { ...scheduler, listAllUsers } });

    expect(await blind.takeIn(await desk.look(), { everywhere: true, signal })).to.equal(false);
    expect(await createStrays(desk.glue).takeIn(await desk.look(), { everywhere: true, signal })).to.equal(true);
    expect([...desk.glue.journal.entries.keys()]).to.deep.equal([task]);
  });

  it('runs a task anew whose job Slurm had started again too early, though the journal was lost', async () => {
    const desk = createDesk();
    const { cluster, clock, glue, server } = desk;
    const lost = desk.neighbour(2);
    const first = start({ ...lost, worker: glue.worker, mark: glue.mark, neighbours: glue.neighbours });
    const task = await desk.enqueued(1);
    await pass(clock, 60_000);
    const [job = expect.fail('no job')] = cluster.jobs;
    await server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
    clock.drop(2);
    first.stop();

    // The agent got a SIGTERM for the requeue, and the next start of the job was refused at the gate.
    const before = server.store.tasks.get(task) ?? expect.fail('no task');
    const lastWorker = `${glue.worker}:${job.id}`;
    server.store.tasks.put({ ...before, status: 'stopped', status_reason: 'user abort', last_worker: lastWorker });
    cluster.requeue(job);
    cluster.end(job, 'FAILED', JOB_EXIT_CODES.gateClosed.code);
    const back = start(glue);
    await pass(clock, 60_000);
    back.stop();
    await back.ended;

    expect((await desk.read(task))?.status).to.equal('queued');
    expect(cluster.jobs.map(({ state }) => state)).to.deep.equal(['FAILED', 'PENDING']);
  });

  it('leaves a task stopped whose job failed without having been started again', async () => {
    const desk = createDesk();
    const task = await desk.enqueued(1);
    desk.cluster.submit(formatJobName(task, newAttempt(desk.clock.now(), desk.glue.mark, 'once')), '');
    const [job = expect.fail('no job')] = desk.cluster.jobs;
    desk.cluster.end(job, 'FAILED', JOB_EXIT_CODES.gateClosed.code);
    const before = desk.server.store.tasks.get(task) ?? expect.fail('no task');
    const lastWorker = `${desk.glue.worker}:${job.id}`;
    desk.server.store.tasks.put({ ...before, status: 'stopped', status_reason: 'user abort', last_worker: lastWorker });

    expect(await createStrays(desk.glue).takeIn(await desk.look(), { everywhere: true, signal })).to.equal(true);
    expect([...desk.glue.journal.entries.keys()]).to.deep.equal([]);
  });
});

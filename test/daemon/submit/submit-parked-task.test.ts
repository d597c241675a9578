// Tests each outcome of sbatch: the journal, the console, and what happens next.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import { ConnectionLostError } from '../../../src/transport/errors.ts';
import type { Transport } from '../../../src/transport/transport.ts';
import { formatJobName, parseMark } from '../../../src/slurm/job-name.ts';
import { prepare, submit, type PreparedJob } from '../../../src/daemon/submit/submit-parked-task.ts';
import { TemplateError } from '../../../src/sbatch-template/errors.ts';
import { createStepFixture, type StepFixture } from '../step-fixture.ts';
import { entryOf } from '../decide/observations.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { rejection } from '../../support/rejection.ts';

const CONF_NOT_WRITTEN = "warn: Could not write the job's clearml.conf to the shared directory";

/** A parked task with the script of its next attempt. */
async function prepared(fixture: StepFixture, attempts = 0): Promise<{ task: TaskId; prepared: PreparedJob }> {
  const task = await fixture.parked(1);
  const read = await fixture.deps.clearml.tasks.get(task);
  const [queue] = fixture.deps.queues;
  if (read === undefined || queue === undefined) throw new Error('nothing to submit');
  const stepAt = fixture.clock.now();
  const entry = entryOf({
    task,
    queue: OWN_QUEUE,
    queueName: 'own',
    step: 'parking',
    stepAt,
    attempts,
    jobId: undefined,
  });
  const made = await prepare(fixture.deps, entry, { queue, read });
  if (made === undefined) throw new Error('the template does not fit');
  return { task, prepared: made };
}

describe('when it submits a parked task, the daemon', () => {
  it('includes its mark in the id of the attempt', async () => {
    const fixture = createStepFixture();
    const { entry } = (await prepared(fixture)).prepared;

    expect(parseMark(entry.attempt)).to.equal(fixture.deps.mark);
  });

  it('writes the number of attempts and the time of the first attempt to the journal before sbatch runs', async () => {
    const fixture = createStepFixture();
    const { task, prepared: next } = await prepared(fixture, 2);
    fixture.clock.pass(5_000);
    fixture.fate = ({ kind }) => (kind === 'sbatch' ? 'never answered' : undefined);
    void submit(fixture.deps, next);
    await new Promise((resolve) => setImmediate(resolve));

    expect(fixture.deps.journal.entries.get(task)).to.deep.equal({
      task,
      queue: OWN_QUEUE,
      queueName: 'own',
      schedulerQueue: SCHEDULER_QUEUE,
      step: 'submitting',
      stepAt: fixture.clock.now(),
      parkedAt: next.entry.stepAt,
      attempt: next.entry.attempt,
      attempts: 3,
      firstAttemptAt: next.entry.firstAttemptAt,
      origin: next.entry.origin,
      told: {},
    });
  });

  it("records the task's owner and enqueue time in the journal, for the history", async () => {
    const fixture = createStepFixture();
    const { task, prepared: next } = await prepared(fixture);
    const userId = (await fixture.read(task))?.user;
    const { entry } = next;
    const enqueuedAt = fixture.clock.now() - 60_000;
    await submit(fixture.deps, { ...next, entry: { ...entry, origin: { ...entry.origin, enqueuedAt } } });

    expect(userId).to.be.a('string');
    expect(fixture.deps.journal.entries.get(task)?.origin).to.deep.equal({
      userId,
      userName: 'Sandbox User',
      project: undefined,
      enqueuedAt,
    });
  });

  it('does not run sbatch if the journal cannot be written', async () => {
    const fixture = createStepFixture();
    const { prepared: next } = await prepared(fixture);
    fixture.fate = ({ kind }) => (kind === 'journal' ? 'not made' : undefined);

    await rejection(submit(fixture.deps, next));
    expect(fixture.cluster.jobs).to.deep.equal([]);
  });

  it("shows the job id in the task's console and user properties once Slurm accepts the job", async () => {
    const fixture = createStepFixture();
    const { task, prepared: next } = await prepared(fixture);

    expect(await submit(fixture.deps, next)).to.equal('accepted');
    await fixture.deps.clearml.events.flush();

    expect(fixture.deps.journal.entries.get(task)).to.include({ step: 'following', jobId: '1', attempts: 1 });
    expect(fixture.consoleOf(task)).to.deep.equal(['Submitted as Slurm job 1 to cluster "c1".']);
    expect(fixture.server.store.events.of(task)[0]).to.have.property('level', 'INFO');
    expect(await fixture.read(task)).to.include({ slurmJob: '1', status: 'queued' });
  });

  it('writes "(attempt 2)" and the reason for the second attempt to the console', async () => {
    const fixture = createStepFixture();
    const { task, prepared: next } = await prepared(fixture, 1);
    await submit(fixture.deps, next, 'the last sbatch for this task created no job');
    await fixture.deps.clearml.events.flush();

    expect(fixture.consoleOf(task)).to.deep.equal([
      'Submitted as Slurm job 1 to cluster "c1" (attempt 2): the last sbatch for this task created no job.',
    ]);
  });

  it("fails the task with sbatch's message, and removes the queue entry, if Slurm rejects the job", async () => {
    const fixture = createStepFixture();
    const { task, prepared: next } = await prepared(fixture);
    fixture.cluster.nextFate = 'rejected';

    expect(await submit(fixture.deps, next)).to.equal('none');

    expect(await fixture.read(task)).to.include({ status: 'failed', statusReason: 'rejected by Slurm' });
    expect(fixture.consoleOf(task).join()).to.include('Slurm rejected the job: sbatch said rejected.');
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
    expect(fixture.deps.journal.entries.size).to.equal(0);
  });

  for (const [fate, result] of [
    [
      'backpressure',
      { why: 'Slurm accepts no more jobs now: MaxJobCount limit reached', isFull: true, isOfQueue: false },
    ],
    ['unavailable', { why: 'Slurm cannot be reached: sbatch said unavailable', isFailure: true }],
  ] as const) {
    it(`returns the task to its queue with Slurm's message as the reason if the outcome is "${fate}"`, async () => {
      const fixture = createStepFixture();
      const { task, prepared: next } = await prepared(fixture);
      fixture.cluster.nextFate = fate;

      expect(await submit(fixture.deps, next)).to.deep.equal({
        returning: fixture.deps.journal.entries.get(task),
        ...result,
      });
      expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
    });
  }

  for (const [fate, line, data] of [
    ['accepted', 'info: Submitted', { job: '1' }],
    ['rejected', 'info: Slurm rejected the job', { slurm: 'sbatch said rejected' }],
    [
      'backpressure',
      'warn: Slurm accepts no more jobs now; returning the task to its queue',
      { slurm: 'MaxJobCount limit reached' },
    ],
    ['unavailable', 'warn: Slurm unreachable; returning the task to its queue', { slurm: 'sbatch said unavailable' }],
    [
      'unknown',
      'warn: Submission outcome unknown; looking up the job by name',
      { slurm: 'Zero Bytes were transmitted or received' },
    ],
  ] as const) {
    it(`logs the task, the queue and Slurm's message if the outcome is "${fate}"`, async () => {
      const fixture = createStepFixture();
      const { task, prepared: next } = await prepared(fixture);
      if (fate !== 'accepted') fixture.cluster.nextFate = fate;
      await submit(fixture.deps, next);

      expect(fixture.facts.get(line)).to.deep.equal({ task, queue: 'own', ...data });
    });
  }

  it('writes only to the journal if the outcome is "unknown"', async () => {
    const fixture = createStepFixture();
    const { task, prepared: next } = await prepared(fixture);
    fixture.cluster.nextFate = 'unknown';

    expect(await submit(fixture.deps, next)).to.equal('unknown');
    expect(fixture.deps.journal.entries.get(task)).to.include({ step: 'submitting' });
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
    expect(fixture.consoleOf(task)).to.deep.equal([]);
  });

  it('writes no clearml.conf for the job if there is no shared directory', async () => {
    const { deps } = createStepFixture();
    const fixture = createStepFixture({ job: { ...deps.job, sharedDir: undefined } });
    const { prepared: next } = await prepared(fixture);
    fixture.fate = ({ kind }) => (kind === 'host' ? 'answer lost' : undefined);

    expect(await submit(fixture.deps, next)).to.equal('accepted');
  });

  it('sets the status to "failed" and removes the queue entry if rendering fails', async () => {
    const { deps } = createStepFixture();
    const misfit = {
      file: 'a.template',
      agent: { file: 'a.template', line: 1, column: 1, command: [] },
      render: () => {
        throw new TemplateError('a.template', 2, 1, 'no value');
      },
    };
    const fixture = createStepFixture({ queues: deps.queues.map((queue) => ({ ...queue, template: misfit })) });
    const error = await rejection(prepared(fixture));

    expect(String(error)).to.include('does not fit');
    const [task = '' as TaskId] = fixture.server.store.tasks.all().map(({ id }) => id as TaskId);
    expect(await fixture.read(task)).to.include({ status: 'failed', statusReason: 'template' });
    expect(fixture.consoleOf(task).join()).to.match(/^The job script cannot be rendered: .*no value/);
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
    const { err, ...data } = fixture.facts.get('info: Rendering failed') ?? {};
    expect([String(err), data]).to.deep.equal(['TemplateError: a.template:2:1: no value', { task, queue: 'own' }]);
  });

  it('leaves the task parked if a bug of the daemon throws a RangeError during rendering', async () => {
    const { deps } = createStepFixture();
    const render = (): never => {
      throw new RangeError('a fault of ours');
    };
    const fixture = createStepFixture({
      queues: deps.queues.map((queue) => ({ ...queue, template: { ...queue.template, render } })),
    });

    expect(await rejection(prepared(fixture))).to.be.instanceOf(RangeError);
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
  });

  /** A queue whose jobs run in containers with these arguments. */
  function withContainers(extraArguments: string): StepFixture {
    const { deps } = createStepFixture();
    const files = { imageDir: undefined, imageCacheDir: undefined, forcePull: false, ssh: false };
    const containers = { image: 'an_image', arguments: '', extraArguments, setUpLines: [], mounts: [], ...files };
    return createStepFixture({
      job: { ...deps.job, containers, singularityMode: true },
      queues: deps.queues.map((queue) => ({
        ...queue,
        template: { ...queue.template, agent: { ...queue.template.agent, command: ['singularity', 'exec'] } },
      })),
    });
  }

  it('reports in the console each container argument that it omits', async () => {
    const submitted = ['INFO', 'Submitted as Slurm job 1 to cluster "c1".'];
    for (const [extraArguments, lines] of [
      ['', [submitted]],
      [
        '--gpus all',
        [
          ['WARNING', 'The container argument --gpus is ignored: the container sees the GPUs that Slurm gave the job.'],
          submitted,
        ],
      ],
    ] as const) {
      const fixture = withContainers(extraArguments);
      const { task, prepared: next } = await prepared(fixture);

      await submit(fixture.deps, next);
      await fixture.deps.clearml.events.flush();

      expect(fixture.server.store.events.of(task).map(({ level, msg }) => [level, msg])).to.deep.equal(lines);
    }
  });

  it('writes nothing to the console if the journal cannot be written', async () => {
    const fixture = withContainers('--gpus all');
    const { task, prepared: next } = await prepared(fixture);
    fixture.fate = ({ kind }) => (kind === 'journal' ? 'not made' : undefined);

    await rejection(submit(fixture.deps, next));
    await fixture.deps.clearml.events.flush();

    expect(fixture.consoleOf(task)).to.deep.equal([]);
  });

  it("returns the task to its queue if the job's clearml.conf cannot be written", async () => {
    const fixture = createStepFixture();
    const { task, prepared: next } = await prepared(fixture);
    fixture.fate = ({ kind }) => (kind === 'host' ? 'answer lost' : undefined);

    const result = await submit(fixture.deps, next);
    expect(result)
      .to.have.property('why')
      .that.matches(/^the job's clearml\.conf cannot be written: /);
    expect(result).to.have.property('returning', next.entry);
    expect(fixture.cluster.jobs).to.deep.equal([]);
    // The attempt does not count.
    expect(fixture.deps.journal.entries.has(task)).to.equal(false);
    const { err, ...data } = fixture.facts.get(CONF_NOT_WRITTEN) ?? {};
    expect(String(err)).to.include('Disk quota exceeded');
    expect(data).to.deep.equal({ job: formatJobName(task, next.entry.attempt) });
  });

  it('returns the task to its queue if the connection to the host is lost', async () => {
    for (const [error, end] of [
      [new ConnectionLostError('the connection to login1 was lost'), 'returned'],
      [new RangeError('a fault of ours'), 'rejected'],
    ] as const) {
      const fixture = createStepFixture();
      const { prepared: next } = await prepared(fixture);
      const host: Transport = { ...fixture.deps.transport, run: () => Promise.reject(error) };
      const ended = submit({ ...fixture.deps, transport: host }, next).then(
        () => 'returned',
        (thrown: unknown) => (thrown === error ? 'rejected' : thrown),
      );

      expect(await ended).to.equal(end);
      expect(fixture.cluster.jobs).to.deep.equal([]);
    }
  });
});

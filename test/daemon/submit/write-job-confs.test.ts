// Tests that no clearml.conf, which holds credentials, stays in the shared directory after its task has ended.
import { expect } from 'chai';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DaemonDeps } from '../../../src/daemon/deps.ts';
import { removeJobConf, sweepJobConfs } from '../../../src/daemon/submit/write-job-confs.ts';
import { createLocalTransport } from '../../../src/transport/local-transport.ts';
import { formatJobName, newAttempt } from '../../../src/slurm/job-name.ts';
import { createStepFixture, taskNumber, type StepFixture } from '../step-fixture.ts';
import { attempt, entryOf, NOW } from '../decide/observations.ts';

describe("the clean-up of the jobs' clearml.conf files", () => {
  let sharedDir: string;

  beforeEach(async () => {
    sharedDir = await mkdtemp(join(tmpdir(), 'shared-'));
    await mkdir(join(sharedDir, 'jobs'));
  });

  afterEach(() => rm(sharedDir, { recursive: true }));

  function fixture(): StepFixture {
    const host = createLocalTransport({ path: '/usr/bin:/bin', home: '/', user: 'u', workingDirectory: sharedDir });
    const { job } = createStepFixture().deps;
    return createStepFixture({ transport: host, job: { ...job, sharedDir } satisfies DaemonDeps['job'] });
  }

  async function write(number: number, minutesAgo = 60, which = attempt(1)): Promise<string> {
    const name = `${formatJobName(taskNumber(number), which)}.conf`;
    await writeFile(join(sharedDir, 'jobs', name), '{}');
    const at = new Date(Date.now() - minutesAgo * 60_000);
    await utimes(join(sharedDir, 'jobs', name), at, at);
    return name;
  }

  const sweep = (deps: DaemonDeps): Promise<void> => sweepJobConfs(deps, new AbortController().signal);
  const left = (): Promise<string[]> => readdir(join(sharedDir, 'jobs'));

  it('removes the file of a job that has ended', async () => {
    const { deps } = fixture();
    await write(1);

    await removeJobConf(deps, entryOf({ task: taskNumber(1) }));

    expect(await left()).to.deep.equal([]);
  });

  it('keeps only the files of tasks that are queued, in progress or in the journal', async () => {
    const here = fixture();
    const { deps, server } = here;
    const [waits, runs, known] = [await here.enqueued(1), await here.enqueued(2), taskNumber(3)];
    await server.call('tasks.started', { task: runs, force: true });
    server.addTask(known, 'task 3');
    await deps.journal.write(entryOf({ task: known }));
    server.addTask(taskNumber(4), 'a draft');
    const kept = [await write(Number(waits)), await write(Number(runs)), await write(Number(known))];
    await write(4);
    await write(4, 60, attempt(2));

    await sweep(deps);

    expect(await left()).to.have.members(kept);
  });

  it('keeps the clearml.conf that another daemon wrote for a task unknown to this ClearML server (D-19)', async () => {
    const { deps } = fixture();
    const kept = [await write(1), await write(1, 60, newAttempt(NOW, 'mark2', '0000'))];
    await write(1, 60, newAttempt(NOW, deps.mark, '0000'));

    await sweep(deps);

    expect(await left()).to.have.members(kept);
  });

  it('keeps the clearml.conf of a live job, whatever the status of its task', async () => {
    const here = fixture();
    here.server.addTask(taskNumber(1), 'a draft');
    const name = newAttempt(NOW, 'mark2', '0000');
    const kept = await write(1, 60, name);
    here.cluster.submit(formatJobName(taskNumber(1), name), 'login2:slurm');

    await sweep(here.deps);

    expect(await left()).to.deep.equal([kept]);
  });

  it("keeps the clearml.conf of a peer's preempted job until the task is parked again", async () => {
    const here = fixture();
    const { server } = here;
    const task = await here.enqueued(1);
    await server.call('tasks.started', { task, force: true });
    await server.call('tasks.stopped', { task, status_reason: 'user abort' });
    const kept = await write(1, 60, newAttempt(NOW, 'mark2', '0000'));
    await write(1, 60, newAttempt(NOW, here.deps.mark, '0000'));

    await sweep(here.deps);

    expect(await left()).to.deep.equal([kept]);
  });

  it('removes nothing if Slurm does not list the jobs', async () => {
    const here = fixture();
    here.server.addTask(taskNumber(4), 'a draft');
    const kept = await write(4);
    here.fate = ({ kind }) => (kind === 'slurm' ? 'not made' : undefined);

    await sweep(here.deps);

    expect(await left()).to.deep.equal([kept]);
  });

  it('keeps a clearml.conf that is only a minute old', async () => {
    const { deps } = fixture();
    const young = await write(5, 1);

    await sweep(deps);

    expect(await left()).to.deep.equal([young]);
  });

  it('removes no other kind of file', async () => {
    const { deps } = fixture();
    await writeFile(join(sharedDir, 'jobs', 'notes.txt'), '');
    await utimes(join(sharedDir, 'jobs', 'notes.txt'), 0, 0);

    await sweep(deps);

    expect(await left()).to.deep.equal(['notes.txt']);
  });

  it('reports no error if the directory of the clearml.conf files does not exist yet', async () => {
    const { deps } = fixture();
    await rm(join(sharedDir, 'jobs'), { recursive: true });

    await sweep(deps);
  });
});

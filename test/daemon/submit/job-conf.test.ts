// The jobs' clearml.conf files, which hold credentials: none is left in the shared folder once its task is over.
import { expect } from 'chai';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Glue } from '../../../src/daemon/deps.ts';
import { removeJobConf, sweepJobConfs } from '../../../src/daemon/submit/job-conf.ts';
import { createLocalHost } from '../../../src/transport/local.ts';
import { formatJobName } from '../../../src/slurm/job-name.ts';
import { createDesk, taskNumber, type Desk } from '../desk.ts';
import { attempt, entryOf } from '../sightings.ts';

describe('the clearml.conf files of jobs', () => {
  let sharedDir: string;

  beforeEach(async () => {
    sharedDir = await mkdtemp(join(tmpdir(), 'shared-'));
    await mkdir(join(sharedDir, 'jobs'));
  });

  afterEach(() => rm(sharedDir, { recursive: true }));

  function desk(): Desk {
    const host = createLocalHost({ path: '/usr/bin:/bin', home: '/', user: 'u', workingDirectory: sharedDir });
    const { job } = createDesk().glue;
    return createDesk({ host, job: { ...job, sharedDir } satisfies Glue['job'] });
  }

  async function write(number: number, minutesAgo = 60, which = 1): Promise<string> {
    const name = `${formatJobName(taskNumber(number), attempt(which))}.conf`;
    await writeFile(join(sharedDir, 'jobs', name), '{}');
    const at = new Date(Date.now() - minutesAgo * 60_000);
    await utimes(join(sharedDir, 'jobs', name), at, at);
    return name;
  }

  const left = (): Promise<string[]> => readdir(join(sharedDir, 'jobs'));

  it('go when the job is over', async () => {
    const { glue } = desk();
    await write(1);

    await removeJobConf(glue, entryOf({ task: taskNumber(1) }));

    expect(await left()).to.deep.equal([]);
  });

  it('go in a sweep when their tasks neither wait nor run any more, every attempt of them', async () => {
    const here = desk();
    const { glue, server } = here;
    const [waits, runs, known] = [await here.enqueued(1), await here.enqueued(2), taskNumber(3)];
    await server.call('tasks.started', { task: runs, force: true });
    server.addTask(known, 'task 3');
    await glue.journal.write(entryOf({ task: known }));
    server.addTask(taskNumber(4), 'a draft');
    const kept = [await write(Number(waits)), await write(Number(runs)), await write(Number(known))];
    await write(4);
    await write(4, 60, 2);
    await write(5);

    await sweepJobConfs(glue);

    expect(await left()).to.have.members(kept);
  });

  it('stay in a sweep while they are young: their jobs may be on their way', async () => {
    const { glue } = desk();
    const young = await write(5, 1);

    await sweepJobConfs(glue);

    expect(await left()).to.deep.equal([young]);
  });

  it('are the only files that a sweep touches', async () => {
    const { glue } = desk();
    await writeFile(join(sharedDir, 'jobs', 'notes.txt'), '');
    await utimes(join(sharedDir, 'jobs', 'notes.txt'), 0, 0);

    await sweepJobConfs(glue);

    expect(await left()).to.deep.equal(['notes.txt']);
  });

  it('are none of our business where there is no folder for them yet', async () => {
    const { glue } = desk();
    await rm(join(sharedDir, 'jobs'), { recursive: true });

    await sweepJobConfs(glue);
  });
});

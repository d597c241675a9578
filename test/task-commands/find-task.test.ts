// A command finds a task by its id, a prefix of the id, its name, or its job id; `cancel` aborts the task.
import { expect } from 'chai';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { acquireLock } from '../../src/daemon/journal/lock.ts';
import { systemClock } from '../../src/base/clock.ts';
import { openCliWithStandIns, type CliWithStandIns } from '../cli/cli-with-stand-ins.ts';

/** The job stays pending. */
const TEMPLATE = '#!/bin/bash\n#SBATCH --hold\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';

describe('commands for one task:', () => {
  let cli: CliWithStandIns;
  let task: string;
  let job: string;

  before(async () => {
    cli = await openCliWithStandIns();
    task = await cli.submitOne(TEMPLATE, 'train (v1.0)');
    const { stdout } = await cli.run('status', '--json');
    job = /"job": "(\d+)"/.exec(stdout)?.[1] ?? '';
  });
  after(() => cli[Symbol.asyncDispose]());

  for (const [how, name] of [
    ['the task id', () => task],
    ['a prefix of the task id', () => task.slice(0, 12)],
    ['the task name', () => 'train (v1.0)'],
    ['the job id', () => job],
  ] as const) {
    it(`"render" finds a task by ${how}`, async () => {
      const { stdout, stderr } = await cli.run('render', '--template-files', 't', '--task', name());
      expect(stdout, stderr).to.include(`clearml_task=${task}`);
    });
  }

  it('"logs" reports that a task does not exist', async () => {
    const { code, stderr } = await cli.run('logs', 'no such task');
    expect(code).to.equal(2);
    expect(stderr).to.include('Task "no such task" not found');
  });

  it('"cancel" lists the ids if several tasks have the given name', async () => {
    const twins = [await cli.user.makeTask({ name: 'twin' }), await cli.user.makeTask({ name: 'twin' })];
    const { code, stderr } = await cli.run('cancel', 'twin');
    expect(code).to.equal(2);
    expect(stderr).to.include('"twin" matches more than one task. Give one of these ids, or a unique prefix of it:');
    for (const id of twins) expect(stderr).to.include(`\n  ${id}  created  twin`);
  });

  it('"cancel" refuses a draft', async () => {
    const draft = await cli.user.makeTask({ name: 'a draft' });
    const { code, stderr } = await cli.run('cancel', draft);
    expect(code).to.equal(1);
    expect(stderr).to.include(`Task ${draft} (a draft) is created: there is nothing to cancel.`);
  });

  it('"cancel" aborts a queued task and reports what the daemon does with the Slurm job', async () => {
    const { code, stdout, stderr } = await cli.run('cancel', job);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.equal(
      `Task ${task} (train (v1.0)) was aborted. No daemon is running. The next daemon cancels Slurm job ${job}; to cancel it now, run: scancel ${job}.\n`,
    );
    expect((await cli.user.look(task)).status).to.equal('stopped');
  });

  it('"cancel" reports the Slurm job of a task that "execute" submitted', async () => {
    const queue = await cli.user.makeQueue('of no daemon');
    const stateDirs: string[] = [];
    for (const name of ['left', 'tracked']) {
      const id = await cli.user.makeTask({ name });
      await cli.user.enqueue(id, queue);
      const stateDir = join(cli.stateDir, 'execute', id);
      const entry = { task: id, queue, queueName: 'of no daemon', step: 'following', stepAt: 1, jobId: '4711' };
      await mkdir(stateDir, { recursive: true, mode: 0o700 });
      await writeFile(join(stateDir, 'journal.jsonl'), `${JSON.stringify({ v: 2, entry })}\n`);
      stateDirs.push(stateDir);
    }
    const lock = await acquireLock(stateDirs[1] ?? '', 'login1', systemClock.now());

    expect((await cli.run('cancel', 'left')).stdout).to.match(
      /^Task \w+ \(left\) was aborted\. Neither a daemon nor execute tracks Slurm job 4711; to cancel it now, run: scancel 4711\.\n$/,
    );
    expect((await cli.run('cancel', 'tracked')).stdout).to.match(/ The running execute cancels Slurm job 4711\.\n$/);
    await lock.release();
  });

  it('"cancel" asks the agent of a running task to stop the task', async () => {
    const runs = await cli.submitOne(TEMPLATE, 'runs');
    await cli.user.api('tasks.started', { task: runs, force: true });
    await cli.user.api('workers.status_report', { worker: 'w', task: runs, timestamp: Date.now() });
    const lock = await acquireLock(cli.stateDir, 'login1', systemClock.now());

    const { code, stdout } = await cli.run('cancel', 'runs');
    await lock.release();

    expect(code).to.equal(0);
    expect(stdout).to.match(
      /^Task \w+ \(runs\): the agent of the task was asked to stop the task\. The daemon cancels Slurm job \d+\.\n$/,
    );
    expect(await cli.user.look(runs)).to.include({ status: 'in_progress', status_message: 'stopping' });
  });
});

// The stand-in for clearml-agent with the sandbox: it does what the real agent does, as far as it goes.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { standInAgentPython } from './stand-in-agent.ts';
import { JOB_EXIT_CODES } from '../../../src/sbatch-template/job-script/job-exit-codes.ts';
import type { JobFacts } from '../../../src/sbatch-template/job-script/render-blocks.ts';
import { fillIn } from '../../job/job-script.ts';
import { QUICK_TEMPLATE, useNodeWithSandbox } from '../../job/parking-sandbox.ts';
import { requirePython } from '../../support/skip-unless.ts';
import { defineAgentContract, EXECUTE } from '../../sandbox/agent-contract.ts';
import { openAgentTestBed } from '../../sandbox/agent-test-bed.ts';

describe('the stand-in for clearml-agent on the sandbox server', () => {
  before(requirePython);

  defineAgentContract(standInAgentPython);

  it('prints "This is the stand-in for clearml-agent"', async () => {
    await using testBed = await openAgentTestBed(standInAgentPython());
    const task = await testBed.enqueue(await testBed.makeTask('print("hello")'));
    const { output } = await testBed.start('python', ...EXECUTE, task).ended;
    expect(output).to.match(/^This is the stand-in for clearml-agent/);
    expect(await testBed.console(task)).to.contain('This is the stand-in for clearml-agent');
  });

  it('sets the status "failed" of a task with a Git repository', async () => {
    await using testBed = await openAgentTestBed(standInAgentPython());
    const script = { repository: 'https://example.org/code.git', entry_point: 'train.py', working_dir: '.' };
    const task = await testBed.enqueue(await testBed.makeTask('', { script }));
    expect(await testBed.start('python', ...EXECUTE, task).ended).to.include({ code: 1 });
    expect(await testBed.sandbox.statusOf(task)).to.equal('failed');
    expect(await testBed.console(task)).to.contain('runs inline scripts only');
  });

  it('runs a task without the PYTHONPATH of the stand-in', async () => {
    await using testBed = await openAgentTestBed(standInAgentPython());
    const task = await testBed.enqueue(
      await testBed.makeTask('import os; print("path is", os.environ.get("PYTHONPATH"))'),
    );
    await testBed.start('python', ...EXECUTE, task).ended;
    expect(await testBed.console(task)).to.contain('path is None');
  });

  it('does not set the final status if the agent runs on rank 1', async () => {
    await using testBed = await openAgentTestBed(standInAgentPython(), { SLURM_PROCID: '1' });
    const task = await testBed.enqueue(await testBed.makeTask('print("hello from the other node")'));
    expect(await testBed.start('python', ...EXECUTE, task).ended).to.include({ code: 0 });
    expect(await testBed.sandbox.statusOf(task)).to.equal('in_progress');
    expect(await testBed.console(task)).to.contain('Process completed successfully - rank 1');
  });
});

describe('a job with the stand-in for clearml-agent', () => {
  before(requirePython);
  const bed = useNodeWithSandbox();

  async function park(code: string): Promise<JobFacts> {
    return { ...(await bed.parking.park(code)), python: standInAgentPython() };
  }

  it("runs the task and exits with the task's exit code 3", async () => {
    const facts = await park('import sys; print("hello from the task"); sys.exit(3)');
    const { exitCode, stderr } = await bed.node.run(fillIn(QUICK_TEMPLATE, facts));
    expect(exitCode, stderr).to.equal(3);
    expect((await bed.parking.user.look(facts.taskId)).status).to.equal('failed');
    expect(await bed.parking.user.console(facts.taskId)).to.include('hello from the task');
    expect(await bed.parking.isParked(facts.taskId)).to.equal(false);
    expect(bed.node.leftovers()).to.deep.equal([]);
  });

  it('does not run a task that is no longer in the scheduler queue', async () => {
    const facts = await park('print("hello")');
    await bed.parking.user.api('queues.remove_task', { queue: facts.schedulerQueueId, task: facts.taskId });
    const { exitCode } = await bed.node.run(fillIn(QUICK_TEMPLATE, facts));
    expect(exitCode).to.equal(JOB_EXIT_CODES.gateClosed.code);
    expect((await bed.parking.user.look(facts.taskId)).status).to.equal('queued');
  });

  it('exits with the exit code "serverAway" if nothing listens at the server\'s address', async () => {
    writeFileSync(
      join(bed.node.home, 'clearml.conf'),
      bed.parking.conf.replaceAll(bed.parking.url, 'http://127.0.0.1:9'),
    );
    const { exitCode, stderr } = await bed.node.run(fillIn(QUICK_TEMPLATE, await park('print("hello")')), {
      CLEARML_AGENT_INITIAL_CONNECT_RETRY_OVERRIDE: '1',
    });
    expect(exitCode, stderr).to.equal(JOB_EXIT_CODES.serverAway.code);
  });

  it('exits with the exit code "serverRefused" if the server rejects the credentials', async () => {
    const wrong = bed.parking.conf.replace(/secret_key: "[^"]*"/, 'secret_key: "another"');
    writeFileSync(join(bed.node.home, 'clearml.conf'), wrong);
    const { exitCode, stderr } = await bed.node.run(fillIn(QUICK_TEMPLATE, await park('print("hello")')));
    expect(exitCode, stderr).to.equal(JOB_EXIT_CODES.serverRefused.code);
  });
});

// The job script with the real clearml-agent and a sandbox server, run by bash as the only node.
import { connect, createServer } from 'node:net';
import { pipeline } from 'node:stream';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import { freePorts } from '../support/loopback-port.ts';
import { requireAgent } from '../support/skip-unless.ts';
import { fillIn } from './job-script.ts';
import { QUICK_TEMPLATE, useNodeWithSandbox } from './parking-sandbox.ts';

describe('a job with the real agent', () => {
  before(requireAgent);
  const bed = useNodeWithSandbox();

  it("completes a task and sends the task's output to the console", async () => {
    const facts = await bed.parking.park('print("hello from the task", flush=True)');
    const { exitCode, stderr } = await bed.node.run(fillIn(QUICK_TEMPLATE, facts));
    expect(exitCode, stderr).to.equal(0);
    const seen = await bed.parking.user.look(facts.taskId);
    expect(seen).to.include({ status: 'completed', last_worker: 'login1:slurm:4711' });
    expect(await bed.parking.user.console(facts.taskId)).to.include('\nhello from the task\n');
    expect(await bed.parking.isParked(facts.taskId)).to.equal(false);
    expect(bed.node.leftovers()).to.deep.equal([]);
  });

  it('exits with the exit code of the task', async () => {
    const facts = await bed.parking.park('import sys; sys.exit(3)');
    const { exitCode, stdout } = await bed.node.run(fillIn(QUICK_TEMPLATE, facts));
    expect(exitCode).to.equal(3);
    expect(stdout).to.include('after the agent');
    expect((await bed.parking.user.look(facts.taskId)).status).to.equal('failed');
  });

  it('does not run a task that is no longer in the scheduler queue', async () => {
    const facts = await bed.parking.park('print("hello")');
    await bed.parking.user.api('queues.remove_task', { queue: facts.schedulerQueueId, task: facts.taskId });
    const { exitCode, stderr } = await bed.node.run(fillIn(QUICK_TEMPLATE, facts));
    expect(exitCode).to.equal(JOB_EXIT_CODES.gateClosed.code);
    expect(stderr.trim().split('\n')).to.have.length(1);
    expect((await bed.parking.user.look(facts.taskId)).status).to.equal('queued');
  });

  it('does not run a parked task that a user has enqueued in another queue', async () => {
    const facts = await bed.parking.park('print("hello")');
    await bed.parking.user.enqueue(facts.taskId, await bed.parking.user.makeQueue('elsewhere'));
    // The daemon parked the task before it saw that.
    const parked = { queue: facts.schedulerQueueId, task: facts.taskId, update_execution_queue: false };
    await bed.parking.user.api('queues.add_task', parked);
    const { exitCode, stderr } = await bed.node.run(fillIn(QUICK_TEMPLATE, facts));
    expect(exitCode).to.equal(JOB_EXIT_CODES.gateClosed.code);
    expect(stderr).to.include('was aborted, deleted or enqueued elsewhere, or runs already');
    expect((await bed.parking.user.look(facts.taskId)).status).to.equal('queued');
  });

  it('does not run a task that another agent has started', async () => {
    const facts = await bed.parking.park('print("hello")');
    await bed.parking.user.api('tasks.dequeue', { task: facts.taskId, new_status: 'in_progress' });
    const { exitCode, stderr } = await bed.node.run(fillIn(QUICK_TEMPLATE, facts));
    expect(exitCode).to.equal(JOB_EXIT_CODES.gateClosed.code);
    expect(stderr).to.include('runs already');
    expect((await bed.parking.user.look(facts.taskId)).status).to.equal('in_progress');
  });

  it('does not run a task that was aborted while parked (C-05)', async () => {
    const facts = await bed.parking.park('print("hello")');
    await bed.parking.user.api('tasks.stop', { task: facts.taskId });
    await bed.node.run(fillIn(QUICK_TEMPLATE, facts));
    expect((await bed.parking.user.look(facts.taskId)).status).to.equal('stopped');
    expect(await bed.parking.user.console(facts.taskId)).not.to.include('hello');
  });

  for (const [how, address, code] of [
    ['no server listens at the configured address', 'http://127.0.0.1:9', JOB_EXIT_CODES.serverAway],
    ['the host name of the server is unknown', 'http://no.invalid', JOB_EXIT_CODES.serverUnreachable],
  ] as const) {
    it(`exits with ${code.code} if ${how}`, async () => {
      writeFileSync(join(bed.node.home, 'clearml.conf'), bed.parking.conf.replaceAll(bed.parking.url, address));
      const facts = await bed.parking.park('print("hello")');
      const { exitCode, stderr } = await bed.node.run(fillIn(QUICK_TEMPLATE, facts));
      expect(exitCode, stderr).to.equal(code.code);
      expect(stderr.trim().split('\n')).to.have.length(1);
      expect(stderr).to.include(address.replace('http://', ''));
      expect(await bed.parking.isParked(facts.taskId)).to.equal(true);
    });
  }

  it('runs its task when the server responds again after an outage', async () => {
    const [port = 0] = await freePorts(1);
    writeFileSync(
      join(bed.node.home, 'clearml.conf'),
      bed.parking.conf.replaceAll(bed.parking.url, `http://127.0.0.1:${port}`),
    );
    const facts = await bed.parking.park('print("hello after all", flush=True)');
    // It logs that it waits, and does not wait long between two calls.
    const hasty = QUICK_TEMPLATE.replace('\n', '\nsleep() { touch ~/waits; command sleep 0.1; }\n');
    const job = bed.node.start(fillIn(hasty, { ...facts, serverWaitSec: 600 }));
    await job.until('the job to wait', () => existsSync(join(bed.node.home, 'waits')));
    const back = createServer((client) => {
      const server = connect(Number(new URL(bed.parking.url).port), '127.0.0.1');
      pipeline(client, server, client, () => undefined);
    });
    await once(back.listen(port, '127.0.0.1'), 'listening');

    const { exitCode, stderr } = await job.ended;
    back.close();
    expect(exitCode, stderr).to.equal(0);
    expect(stderr).to.include('the ClearML server does not respond; retrying for 600 s');
    expect(await bed.parking.user.console(facts.taskId)).to.include('hello after all');
  });

  it('exits with 215 if the server accepts the connection and never responds', async () => {
    const silent = createServer();
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const address = silent.address();
    if (address === null || typeof address === 'string') throw new TypeError('no port');
    writeFileSync(
      join(bed.node.home, 'clearml.conf'),
      bed.parking.conf.replaceAll(bed.parking.url, `http://127.0.0.1:${address.port}`),
    );
    const script = fillIn(QUICK_TEMPLATE, await bed.parking.park('print("hello")'));
    expect(script).to.include('signal.alarm(120)');
    const { exitCode, stderr } = await bed.node.run(script.replace('signal.alarm(120)', 'signal.alarm(2)'));
    silent.close();
    expect(exitCode).to.equal(JOB_EXIT_CODES.serverAway.code);
    expect(stderr).to.include(JOB_EXIT_CODES.serverAway.meaning).and.include('no response in time');
  });

  it('exits with 205 if the server rejects the credentials, and logs no secret key', async () => {
    const facts = await bed.parking.park('print("hello")');
    const secret = 'not-the-secret-of-this-server';
    const conf = bed.parking.conf.replace(/secret_key: "[^"]*"/, `secret_key: "${secret}"`);
    writeFileSync(join(bed.node.home, 'clearml.conf'), conf);
    const { exitCode, stdout, stderr } = await bed.node.run(fillIn(QUICK_TEMPLATE, facts));
    expect(exitCode).to.equal(JOB_EXIT_CODES.serverRefused.code);
    expect(stderr).to.include('401');
    expect(stdout + stderr).not.to.include(secret);
    expect(await bed.parking.isParked(facts.taskId)).to.equal(true);
  });

  it('has no credentials in its script (S-12)', async () => {
    const facts = await bed.parking.park('print("hello")');
    const secret = /secret_key: "([^"]*)"/.exec(bed.parking.conf)?.[1] ?? '';
    expect(secret).to.have.length.above(10);
    expect(fillIn(QUICK_TEMPLATE, { ...facts, sharedConf: join(bed.node.home, 'clearml.conf') })).not.to.include(
      secret,
    );
  });
});

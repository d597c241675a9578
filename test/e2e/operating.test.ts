// An operator starts a daemon in the background, checks it, reloads its configuration, drains it and stops it.
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../src/base/exit-codes.ts';
import { systemClock } from '../../src/base/clock.ts';
import { findHolder, acquireLock } from '../../src/daemon/journal/lock.ts';
import { startStandInCluster, type StandInCluster } from '../stand-ins/slurm/stand-in-cluster.ts';
import { builtProgram } from '../support/built-program.ts';
import { waitUntil } from '../support/wait-until.ts';
import { withStandInCommands } from '../stand-ins/slurm/stand-in-commands.ts';
import { startWorld, type World } from './world.ts';

/** Its job waits until a user acts. */
const HELD = '#!/bin/bash\n#SBATCH --hold\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';

describe('the daemon', () => {
  let folder: string;
  let standIn: StandInCluster;
  let world: World;
  let template: string;
  let args: readonly string[];

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'operating-')));
    standIn = await startStandInCluster({ stateDir: join(folder, 'cluster') });
    world = await startWorld({ cluster: withStandInCommands(standIn.commandsDir), python: false });
    await world.user.makeQueue('gpu');
    template = await world.write('gpu.template', HELD);
    args = ['--template-files', template, '--queue', world.nameOf('gpu')];
  });

  afterEach(async () => {
    const daemon = await holder();
    if (daemon !== undefined && daemon.pid !== process.pid) process.kill(daemon.pid, 'SIGKILL');
    await world[Symbol.asyncDispose]();
    await standIn.close();
    await rm(folder, { recursive: true, force: true });
  });

  const stateDir = (): string => join(world.folder, 'state');
  const holder = (): ReturnType<typeof findHolder> => findHolder(stateDir(), hostname(), systemClock.now());

  async function enqueue(): Promise<string> {
    const task = await world.user.makeTask({});
    await world.user.enqueue(task, await world.user.makeQueue('gpu'));
    return task;
  }

  it('runs in the background with --detached, and ends on --stop (F-15)', async () => {
    await mkdir(stateDir(), { mode: 0o700 });
    await writeFile(join(stateDir(), 'daemon.log'), 'of last month\n'.repeat(1_000_000), { mode: 0o600 });

    const started = await world.run(...args, '--detached');
    expect(started, started.stderr).to.include({ code: 0, stderr: '' });
    const isServing = async (): Promise<boolean> =>
      (await readFile(join(stateDir(), 'daemon.log'), 'utf8')).includes(' Serving ');
    await waitUntil('the log to say that the daemon serves', isServing);
    const [, pid = '', log = ''] =
      /^Started the daemon \(process (\d+)\); its log is (.*)\.$/m.exec(started.stdout) ?? [];
    expect((await stat(log)).mode & 0o777).to.equal(0o600);
    expect((await stat(log)).size, 'a long log was moved on').to.be.below(100_000);
    expect((await stat(`${log}.1`)).size).to.equal(14_000_000);
    const second = await world.run(...args);
    expect(second.code).to.equal(75);
    expect(second.stderr).to.include(`Another clearml-agent-slurm (process ${pid} on ${hostname()}, since `);
    expect((await world.run('status')).stdout).to.include(`Daemon running: process ${pid} on ${hostname()}`);

    const stopped = await world.run('--stop');

    expect(stopped, stopped.stderr).to.include({ code: 0 });
    expect(stopped.stdout).to.include(`Stopped process ${pid}.`);
    expect(await holder()).to.equal(undefined);
    expect(await readFile(log, 'utf8')).to.match(/Serving .*Stopped \(jobs keep running\)/s);
    expect(await world.run('stop')).to.deep.include({ code: 0, stdout: '' });
  });

  it('reports an unknown queue in the terminal even with --detached, and exits with 2', async () => {
    const { code, stdout, stderr } = await world.run(
      '--template-files',
      template,
      '--queue',
      `${world.nameOf('gpu')}u`,
      '--detached',
    );

    expect(code).to.equal(2);
    expect(stdout).to.equal('');
    expect(stderr)
      .to.include(`Did you mean "${world.nameOf('gpu')}"?`)
      .and.to.match(/the daemon exited with code 2\. Its log is .*daemon\.log\./);
  });

  it('with --detached returns to the shell only when the queues are served', async () => {
    await standIn.stopListening();
    const log = join(stateDir(), 'daemon.log');
    let isServing: boolean | undefined;
    const started = world.run(...args, '--detached').then((ended) => {
      isServing = existsSync(join(stateDir(), 'serving.json'));
      return ended;
    });
    const isWaiting = async (): Promise<boolean> =>
      (await readFile(log, 'utf8').catch(() => '')).includes('Slurm is unreachable');
    await waitUntil('the daemon to wait for Slurm', isWaiting);

    await standIn.listen();

    const { code, stdout, stderr } = await started;
    expect({ code, stderr, isServing }).to.deep.equal({ code: 0, stderr: '', isServing: true });
    expect(stdout).to.match(/^Started the daemon \(process \d+\)/);
    expect((await world.run('--stop')).code).to.equal(0);
  });

  it('reports an occupied HTTP port in the terminal even with --detached', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;

    const { code, stdout, stderr } = await world.run(...args, '--http', String(port), '--detached');
    taken.close();

    expect({ code, stdout }, stderr).to.deep.equal({ code: EXIT.configuration, stdout: '' });
    expect(stderr)
      .to.include(`cannot listen on 127.0.0.1:${port}`)
      .and.to.match(/the daemon exited with code \d+\. Its log is .*daemon\.log\./);
    expect(await holder()).to.equal(undefined);
  });

  it('claims no task after the subcommand drain, and exits when its last job has ended', async () => {
    const first = await enqueue();
    const daemon = world.start(...args);
    await world.untilConsole(first, 'Submitted as Slurm job');

    const drained = await world.run('drain');
    await daemon.untilLogged('Draining');
    const second = await enqueue();
    const [job = ''] = await world.jobsOf(first);
    await world.cluster.run('scancel', job);

    expect(daemon.log()).to.match(/Serving program="clearml-agent-slurm \d\S* \(open source, /);
    expect(drained.stdout).to.include('exits when its tracked tasks (now 1) have ended');
    const { code, stderr } = await daemon.ended;
    expect(code, stderr).to.equal(0);
    expect(stderr).to.include('Drained; all jobs have ended');
    expect((await world.user.look(first)).status).to.equal('stopped');
    expect(await world.user.entries(await world.user.makeQueue('gpu'))).to.deep.equal([second]);
    expect(await world.run('drain')).to.deep.include({ code: 1, stdout: '' });
  });

  it('reloads the templates on SIGHUP, and keeps the previous templates if a new template is invalid', async () => {
    const daemon = world.start(...args);
    await daemon.untilLogged('Serving');

    await writeFile(template, `${HELD}\${CLEARML_TASK.`);
    daemon.signal('SIGHUP');
    await daemon.untilLogged('Reload failed; keeping the previous configuration and templates');
    expect(daemon.log()).to.match(
      /keeping the previous configuration and templates err="gpu\.template:6:1: .* is not closed/,
    );
    const first = await enqueue();
    await world.untilConsole(first, 'Submitted as Slurm job');

    await writeFile(template, HELD.replace('--hold', '--hold --partition=none-of-these'));
    daemon.signal('SIGHUP');
    await daemon.untilLogged('Serving', 2);
    expect(daemon.log()).not.to.include('Stopped');
    const second = await enqueue();
    await world.untilStatus(second, 'failed');

    expect((await world.user.look(second)).status_message).to.match(/^Slurm rejected the job: .*partition/i);
    expect(await world.jobsOf(first)).to.have.length(1);
    await world.stop(daemon);
  });

  it('keeps its configuration on SIGHUP if another daemon has locked the new state directory', async () => {
    const daemon = world.start(...args);
    await daemon.untilLogged('Serving');
    const other = join(folder, 'other');
    const lock = await acquireLock(other, hostname(), systemClock.now());
    const conf = join(world.home, 'clearml.conf');
    await writeFile(conf, `${await readFile(conf, 'utf8')}\nagent.slurm.state_dir: ${other}\n`);

    daemon.signal('SIGHUP');
    await daemon.untilLogged('Serving', 2);
    await lock.release();

    expect(daemon.log()).to.match(/Cannot run with the reloaded configuration; keeping the previous one err=".*other/);
    expect(await holder()).to.not.equal(undefined);
    await world.stop(daemon);
  });

  it('stops cleanly if SIGTERM arrives twice, followed by SIGINT', async () => {
    const daemon = world.start(...args);
    await daemon.untilLogged('Serving');

    daemon.signal('SIGTERM');
    daemon.signal('SIGTERM');
    daemon.signal('SIGINT');

    const { code, stderr } = await daemon.ended;
    expect(code, stderr).to.equal(0);
    expect(stderr).to.include('Stopped (jobs keep running)');
    expect(await holder()).to.equal(undefined);
  });

  it('stops cleanly when its terminal closes', async () => {
    const program = [process.execPath, builtProgram()];
    // script(1) is its terminal.
    const terminal = spawn('script', ['-qc', `exec ${[...program, ...args].join(' ')}`, '/dev/null'], {
      env: world.environment,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const closed = once(terminal, 'close');
    const daemon = await waitUntil('a daemon', holder, {
      hopeless: () => (terminal.exitCode === null ? undefined : `script ended with exit code ${terminal.exitCode}`),
    });

    terminal.kill('SIGKILL');
    await closed;

    await waitUntil('it to end', async () => (await holder()) === undefined);
    expect(await stat(join(stateDir(), 'daemon.lock')).catch(() => 'given up')).to.equal('given up');
    expect(daemon.pid).to.be.above(0);
  });
});

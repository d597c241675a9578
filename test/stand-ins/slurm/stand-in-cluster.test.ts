// The stand-in cluster from the outside: its commands in a shell, its jobs, and that it leaves nothing behind.
import { expect } from 'chai';
import { execFile, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemClock } from '../../../src/base/clock.ts';
import type { StandInSettings } from './settings.ts';
import { startStandInCluster, StateDirectoryError, type StandInCluster } from './stand-in-cluster.ts';
import { rejection } from '../../support/rejection.ts';
import { waitUntil } from '../../support/wait-until.ts';

const execute = promisify(execFile);

describe('the stand-in for a Slurm cluster', () => {
  let folder: string;
  let stateDir: string;
  let cluster: StandInCluster;

  beforeEach(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'stand-in-')));
    stateDir = join(folder, '.cluster');
    await open({});
  });

  afterEach(async () => {
    await cluster.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(settings: Partial<StandInSettings>, clock = systemClock): Promise<void> {
    cluster = await startStandInCluster({
      stateDir,
      settings: { killWaitMs: 300, requeueDelayMs: 100, ...settings },
      clock,
    });
  }

  async function reopen(settings: Partial<StandInSettings>): Promise<void> {
    await cluster.close();
    await open(settings);
  }

  async function type(line: string): Promise<string> {
    const env = { ...process.env, PATH: `${join(stateDir, 'bin')}:/usr/bin:/bin` };
    const { stdout } = await execute('bash', ['-c', line], { cwd: folder, env });
    return stdout.trimEnd();
  }

  /** The script's lines in the middle of a batch script given on standard input. */
  function submit(script: string, options = ''): Promise<string> {
    return type(`sbatch --parsable ${options} <<'END'\n#!/bin/bash\n${script}\nEND`);
  }

  async function until(id: string, state: string): Promise<void> {
    await waitUntil(`job ${id} to be ${state}`, async () => (await type(`squeue -h -t all -j ${id} -o %T`)) === state, {
      evidence: () => JSON.stringify(cluster.controller.remembered()),
    });
  }

  function log(id: string): string {
    return readFileSync(join(folder, `slurm-${id}.out`), 'utf8');
  }

  it('prints "not Slurm: a stand-in" for --version of every command', async () => {
    for (const command of ['sbatch', 'squeue', 'scancel', 'sacct', 'sinfo', 'scontrol', 'srun'])
      expect(await type(`${command} --version`), command).to.match(/not Slurm: a stand-in/);
    expect(await type('scontrol show config')).to.match(/SLURM_VERSION += .*stand-in/);
  });

  it("prints the output of squeue, sinfo and scontrol in Slurm's formats", async () => {
    await submit('true', '--hold --job-name=mine');

    expect(await type('squeue')).to.match(/^ +JOBID PARTITION +NAME .*\n +1 +debug +mine .* PD .*\(JobHeldUser\)$/);
    expect(await type('sinfo')).to.match(/^PARTITION .*\ndebug\* +up +infinite +4 +idle +n\[1-4\]\n/);
    expect(await type('scontrol show hostnames n[1-2,4]')).to.equal('n1\nn2\nn4');
    expect(await type('scontrol show job 1')).to.match(/^JobId=1 JobName=mine\n {3}UserId=/);
  });

  it('accepts a script from a file or from --wrap', async () => {
    await type("printf '#!/bin/bash\\necho from file\\n' > job.sh");
    expect(await type('sbatch job.sh')).to.equal('Submitted batch job 1');
    expect(await type("sbatch --parsable --wrap 'echo wrapped'")).to.equal('2');
    await until('1', 'COMPLETED');
    await until('2', 'COMPLETED');

    expect([log('1'), log('2')]).to.deep.equal(['from file\n', 'wrapped\n']);
  });

  it('ends a job at the time limit with SIGTERM and then SIGKILL', async () => {
    await cluster.close();
    // The limit and the wait before SIGKILL end when the test says so: bash needs a moment to set its trap and to run it.
    const over = new EventEmitter();
    const sleep = async (ms: number, signal?: AbortSignal): Promise<void> =>
      void (await (ms === 60_000 || ms === 300 ? once(over, String(ms), { signal }) : systemClock.sleep(ms, signal)));
    await open({}, { ...systemClock, sleep });
    const id = await submit("trap 'echo asked' TERM\necho up\nwhile :; do sleep 0.1; done", '--time=1');
    await until(id, 'RUNNING');
    await waitUntil('the trap to be set', () => log(id) === 'up\n');
    over.emit('60000');
    await waitUntil('the script to be asked', () => /^asked$/m.test(log(id)));
    over.emit('300');
    await until(id, 'TIMEOUT');
  });

  it('shows the reasons Resources and Priority of jobs that wait for CPUs', async () => {
    await reopen({ nodeCount: 1, cpusPerNode: 2 });
    const script = 'while [ ! -e go ]; do sleep 0.05; done';
    const [first, second, third] = [
      await submit(script, '-c 2'),
      await submit('true', '-c 2'),
      await submit('true', '-c 2'),
    ];
    await until(first, 'RUNNING');

    expect(await type('squeue -h -o "%i %T %r"')).to.equal(
      `${third} PENDING Priority\n${second} PENDING Resources\n${first} RUNNING None`,
    );
    await type('touch go');
    await until(third, 'COMPLETED');
  });

  it('runs a requeued job with SLURM_RESTART_COUNT=1 and appends to the log', async () => {
    const id = await submit('echo "run ${SLURM_RESTART_COUNT:-0}"; [ "$SLURM_RESTART_COUNT" = 1 ] || sleep 1000');
    await until(id, 'RUNNING');
    await waitUntil('the first run to have begun', () => log(id) !== '');
    await type(`scontrol requeue ${id}`);
    await until(id, 'COMPLETED');

    expect(log(id)).to.equal('run 0\nrun 1\n');
  });

  it('rejects a requeue of a job with --no-requeue', async () => {
    const id = await submit('sleep 1000', '--no-requeue');
    await until(id, 'RUNNING');

    expect((await rejection(type(`scontrol requeue ${id}`))).message).to.include('presently disabled');
  });

  it('ends a job in the state that a test chooses', async () => {
    const running = await submit('sleep 1000');
    const waiting = await submit('true', '--hold');
    await until(running, 'RUNNING');
    cluster.controller.end(Number(running), 'NODE_FAIL');
    cluster.controller.end(Number(waiting), 'DEADLINE');

    await until(running, 'NODE_FAIL');
    await until(waiting, 'DEADLINE');
  });

  it('sets the state FAILED of a job whose start is revoked, as by a killed slurmctld', async () => {
    const id = await submit('echo "$SLURM_JOB_START_TIME"; sleep 1000');
    await waitUntil('the script to begin', () => existsSync(join(folder, `slurm-${id}.out`)) && log(id) !== '');
    cluster.controller.revokeStart(Number(id));
    await until(id, 'FAILED');

    expect(await type(`scontrol -o show job ${id}`)).to.match(/Restarts=0 .*ExitCode=1:0/);
    const startedAt = await type(`SLURM_TIME_FORMAT=%s squeue -h -t all -j ${id} -o %S`);
    expect(Number(startedAt)).to.be.above(Number(log(id)));
  });

  it('sets the state FAILED of a job whose output file cannot be written', async () => {
    const id = await submit('touch ran', '--output=/nowhere/x.out');
    await until(id, 'FAILED');

    expect(await type(`scontrol -o show job ${id}`)).to.include('ExitCode=0:53');
    expect(existsSync(join(folder, 'ran'))).to.equal(false);
  });

  it("runs a job in /tmp if the job's working directory does not exist", async () => {
    const id = await submit('pwd', `--chdir=/nowhere --output=${folder}/slurm-%j.out`);
    await until(id, 'COMPLETED');

    expect(log(id)).to.equal('/tmp\n');
  });

  it('passes the environment of sbatch to a job unless --export=NONE is set', async () => {
    const all = await type(`MINE=yes sbatch --parsable --wrap 'echo "$MINE"'`);
    const none = await type(`MINE=yes sbatch --parsable --export=NONE --wrap 'echo "$MINE"'`);
    await until(all, 'COMPLETED');
    await until(none, 'COMPLETED');

    expect([log(all), log(none)]).to.deep.equal(['yes\n', '\n']);
  });

  it("makes srun exit with the highest exit code of the step's tasks", async () => {
    const id = await submit('srun -n 3 bash -c \'exit $SLURM_PROCID\'\necho "step ended with $?"', '--ntasks=3');
    await until(id, 'COMPLETED');

    expect(log(id)).to.equal('step ended with 2\n');
  });

  it('kills a background process of an ended job', async () => {
    const id = await submit('sleep 1000 & echo $!');
    await until(id, 'COMPLETED');

    await waitUntil('its process to be gone', () => !isAlive(Number(log(id))));
  });

  it('keeps jobs across a restart and requeues the running jobs', async () => {
    const ended = await submit('true');
    await until(ended, 'COMPLETED');
    const again = await submit('echo run; [ "$SLURM_RESTART_COUNT" = 1 ] || sleep 1000');
    const lost = await submit('sleep 1000', '--no-requeue');
    await until(again, 'RUNNING');
    await until(lost, 'RUNNING');
    await reopen({});

    await until(again, 'COMPLETED');
    expect(await type('squeue -h -t all -o "%i %T"')).to.equal(
      `${lost} NODE_FAIL\n${again} COMPLETED\n${ended} COMPLETED`,
    );
    expect(await submit('true')).to.equal('4');
  });

  it('starts a requeued job even if the timer of the begin time fires too early', async () => {
    await cluster.close();
    await open({}, { ...systemClock, sleep: (ms, signal) => systemClock.sleep(Math.max(0, ms - 30), signal) });
    const id = await submit('[ "$SLURM_RESTART_COUNT" = 1 ] || sleep 1000');
    await until(id, 'RUNNING');
    cluster.controller.requeue(Number(id));

    await until(id, 'COMPLETED');
  });

  it('leaves no job running after SIGKILL of the stand-in', async () => {
    await cluster.close();
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', join(import.meta.dirname, 'cluster-process.ts'), stateDir],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    await once(child.stdout, 'data');
    const id = await submit('echo $$; sleep 1000');
    await waitUntil('the job to run', () => existsSync(join(folder, `slurm-${id}.out`)) && log(id) !== '');
    child.kill('SIGKILL');
    await once(child, 'exit');

    await waitUntil('the job to be gone', () => !isAlive(Number(log(id))));
    await open({});
  });

  it('rejects a state directory that is in use or whose path is too long', async () => {
    expect(await rejection(startStandInCluster({ stateDir }))).to.be.instanceOf(StateDirectoryError);
    expect(await rejection(startStandInCluster({ stateDir: join(folder, 'x'.repeat(100)) }))).to.be.instanceOf(
      StateDirectoryError,
    );
    expect(await type('sinfo -h -o %R -p debug')).to.equal('debug');
  });

  it('rejects a state file of another program', async () => {
    await cluster.close();
    await type(`echo '{"version": 7}' > ${stateDir}/cluster.json`);
    const error = await rejection(open({}));
    await type(`rm ${stateDir}/cluster.json`);
    await open({});

    expect(error.message).to.include('cluster.json is not the state of a stand-in cluster');
  });
});

function isAlive(pid: number): boolean {
  // A process that nobody has waited for yet is dead all the same.
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

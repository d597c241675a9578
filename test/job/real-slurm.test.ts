// The job script on real Slurm with the real clearml-agent: several copies, several nodes, cancelled, requeued.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { JobFacts } from '../../src/sbatch-template/job-script/render-blocks.ts';
import { isLive, parseJobState } from '../../src/slurm/job-state.ts';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import { SYNCHRONIZE_RANKS } from '../e2e/synchronized-ranks.ts';
import { standInAgentPython } from '../stand-ins/agent/stand-in-agent.ts';
import { agentPython, requireAgent, requireSlurm } from '../support/skip-unless.ts';
import { sharedCluster, type SharedCluster } from '../support/shared-cluster.ts';
import { waitUntil } from '../support/wait-until.ts';
import { fillIn } from './job-script.ts';
import { openParkingSandbox, QUICK_TEMPLATE, type ParkingSandbox } from './parking-sandbox.ts';

const ENDS = 'import time\nprint("at work", flush=True)\ntime.sleep(2)\n';
const KEEPS_RUNNING = 'import time\nprint("at work", flush=True)\ntime.sleep(3600)\n';
/** Agents started by the template's srun do not wait for each other, so the ranks do. */
const PRINTS_RANK = `${SYNCHRONIZE_RANKS}
print(f"node rank {os.environ['NODE_RANK']} of {os.environ['WORLD_SIZE']} at {os.environ['MASTER_ADDR']} in {os.environ['TMPDIR']} as {os.environ['CLEARML_WORKER_ID']}", flush=True)
`;

describe('a job on Slurm', () => {
  let cluster: SharedCluster;
  let parking: ParkingSandbox;
  let folder: string;
  let nodeTmp: string;
  before(requireAgent);
  before(requireSlurm);
  before(async () => {
    cluster = await sharedCluster();
    parking = await openParkingSandbox();
  });
  after(() => parking.close());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'job-'));
    nodeTmp = join(folder, 'tmp');
    mkdirSync(nodeTmp);
    writeFileSync(join(folder, 'clearml.conf'), parking.conf, { mode: 0o600 });
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function submit(facts: JobFacts, template = QUICK_TEMPLATE, ...options: string[]): Promise<string> {
    const path = join(mkdtempSync(join(folder, 'script-')), 'script');
    const ownTmp = template.replace('\n', `\nexport TMPDIR=${nodeTmp}\n`);
    writeFileSync(path, fillIn(ownTmp, { ...facts, sharedConf: join(folder, 'clearml.conf') }));
    const own = ['--parsable', `--output=${folder}/%j.log`, '--mem=200', ...options, path];
    return cluster.run('sbatch', ...own).then((id) => id.trim());
  }

  function log(job: string): string {
    return readFileSync(join(folder, `${job}.log`), 'utf8');
  }

  async function show(job: string): Promise<{ state: string; exitCode: string }> {
    const text = await cluster.run('scontrol', 'show', 'job', job);
    return { state: /JobState=(\w+)/.exec(text)?.[1] ?? '', exitCode: /ExitCode=(\S+)/.exec(text)?.[1] ?? '' };
  }

  function untilEnded(job: string): Promise<{ state: string; exitCode: string }> {
    const ended = async (): Promise<{ state: string; exitCode: string } | undefined> => {
      const shown = await show(job);
      return isLive(parseJobState(shown.state)) ? undefined : shown;
    };
    return waitUntil(`job ${job} to end`, ended, { everyMs: 200 });
  }

  /** @param job which runs the task @param times how often, when each rank prints it */
  async function untilConsole(task: string, line: string, job: string, times = 1): Promise<void> {
    const isPrinted = async (): Promise<boolean> =>
      (await parking.user.console(task)).split('\n').filter((printed) => printed === line).length >= times;
    const stalled = async (): Promise<string | undefined> => {
      const { state, exitCode } = await show(job);
      return isLive(parseJobState(state)) ? undefined : `job ${job} is ${state}, with exit code ${exitCode}`;
    };
    await waitUntil(`the console to say "${line}"`, isPrinted, { everyMs: 200, stalled, evidence: () => log(job) });
  }

  it('runs the task once if five jobs with the same script start together', async () => {
    const facts = await parking.park(ENDS);
    const jobs = await Promise.all(Array.from({ length: 5 }, () => submit(facts)));
    const ends = await Promise.all(jobs.map(untilEnded));
    expect(ends.map(({ exitCode }) => exitCode).sort()).to.deep.equal(['0:0', '201:0', '201:0', '201:0', '201:0']);
    for (const [index, job] of jobs.entries()) {
      if (ends[index]?.exitCode === '0:0') continue;
      expect(log(job).trim().split('\n')).to.have.length(1);
      expect(log(job)).to.include(JOB_EXIT_CODES.gateClosed.meaning);
    }
    expect((await parking.user.console(facts.taskId)).match(/at work/g)).to.have.length(1);
    expect((await parking.user.look(facts.taskId)).status).to.equal('completed');
    expect(readdirSync(nodeTmp)).to.deep.equal([]);
  });

  it('fails with exit code 3 if the task exits with 3', async () => {
    const facts = await parking.park('import sys; sys.exit(3)');
    expect(await untilEnded(await submit(facts))).to.deep.equal({ state: 'FAILED', exitCode: '3:0' });
  });

  for (const [what, nodes] of [
    ['one node', '1'],
    ['two nodes', '2'],
  ] as const) {
    it(`gives its task the status "stopped" after scancel, and removes its files on ${what}`, async () => {
      const facts = await parking.park(KEEPS_RUNNING);
      const job = await submit(facts, QUICK_TEMPLATE, `--nodes=${nodes}`);
      // An agent that starts after another one was stopped sets the task to in progress again.
      await untilConsole(facts.taskId, 'at work', job, Number(nodes));
      await cluster.run('scancel', job);
      expect((await untilEnded(job)).state).to.equal('CANCELLED');
      expect(await parking.user.look(facts.taskId)).to.include({ status: 'stopped', status_reason: 'user abort' });
      expect(log(job)).to.include('after the agent');
      expect(readdirSync(nodeTmp)).to.deep.equal([]);
    });
  }

  // The start of ranks does not depend on the agent, and the stand-in is much faster.
  for (const [what, python, template, options] of [
    ['', agentPython, QUICK_TEMPLATE, []],
    [' if sbatch has --export=NONE', standInAgentPython, QUICK_TEMPLATE, ['--export=NONE']],
    [' if sbatch has --ntasks-per-node=3', standInAgentPython, QUICK_TEMPLATE, ['--ntasks-per-node=3']],
    [
      ' if the template has set -euo pipefail',
      standInAgentPython,
      QUICK_TEMPLATE.replace('\n', '\nset -euo pipefail\n'),
      [],
    ],
    [
      ' if the template calls srun',
      standInAgentPython,
      QUICK_TEMPLATE.replace('${CLEARML_AGENT_EXECUTE}', 'srun --ntasks=2 ${CLEARML_AGENT_EXECUTE}'),
      ['--ntasks-per-node=1'],
    ],
  ] as const) {
    it(`runs one agent with a separate directory on each of two nodes${what} (S-11, C-28)`, async () => {
      const facts = await parking.park(PRINTS_RANK, python());
      const job = await submit(facts, template, '--nodes=2', ...options);
      expect(await untilEnded(job), log(job)).to.deep.equal({ state: 'COMPLETED', exitCode: '0:0' });
      const console = await parking.user.console(facts.taskId);
      const ranks = [...console.matchAll(/^node rank (\d) of (\d) at (\S+) in (\S+) as (\S+)$/gm)].map(
        ([, ...found]) => found,
      );
      expect(ranks.map(([rank, size]) => `${rank} of ${size}`).sort()).to.deep.equal(['0 of 2', '1 of 2']);
      expect(new Set(ranks.map(([, , address]) => address)).size).to.equal(1);
      expect(new Set(ranks.map(([, , , tmp]) => tmp)).size).to.equal(2);
      for (const [rank, , , , worker] of ranks) expect(worker).to.equal(`login1:slurm:${job}:${rank}`);
      if (python === agentPython) expect(console).to.include(`agent.worker_id = login1:slurm:${job}:1`);
      expect((await parking.user.look(facts.taskId)).status).to.equal('completed');
      expect(readdirSync(nodeTmp)).to.deep.equal([]);
    });
  }

  it('starts both ranks through the shell function srun of the template (--srun-delegation)', async () => {
    const own = 'srun() { echo "through my srun" >&2; command srun --quiet "$@"; }\n${CLEARML_AGENT_EXECUTE}';
    const facts = { ...(await parking.park(PRINTS_RANK, standInAgentPython())), startsBySrun: true };
    const job = await submit(
      facts,
      QUICK_TEMPLATE.replace('${CLEARML_AGENT_EXECUTE}', () => own),
      '--nodes=2',
    );
    expect(await untilEnded(job), log(job)).to.deep.equal({ state: 'COMPLETED', exitCode: '0:0' });
    expect(log(job)).to.include('through my srun');
    const ranks = [...(await parking.user.console(facts.taskId)).matchAll(/^node rank (\d) of 2/gm)];
    expect(ranks.map(([, rank]) => rank).sort()).to.deep.equal(['0', '1']);
    expect(readdirSync(nodeTmp)).to.deep.equal([]);
  });

  it('starts both ranks with the real srun even if the template exports a shell function srun', async () => {
    const own = 'srun() { echo "through my srun" >&2; return 9; }\nexport -f srun\n${CLEARML_AGENT_EXECUTE}';
    const facts = await parking.park(PRINTS_RANK, standInAgentPython());
    const template = QUICK_TEMPLATE.replace('${CLEARML_AGENT_EXECUTE}', () => own);
    const job = await submit(facts, template, '--nodes=2');
    expect(await untilEnded(job), log(job)).to.deep.equal({ state: 'COMPLETED', exitCode: '0:0' });
    expect(log(job)).to.not.include('through my srun');
  });

  it('ends both ranks and fails if rank 1 fails (S-43)', async () => {
    const facts = await parking.park(
      'import os, sys, time\nif os.environ["NODE_RANK"] == "1": sys.exit(5)\nprint("at work", flush=True)\ntime.sleep(3600)\n',
    );
    const job = await submit(facts, QUICK_TEMPLATE, '--nodes=2');
    expect(await untilEnded(job)).to.deep.equal({ state: 'FAILED', exitCode: '5:0' });
    expect(readdirSync(nodeTmp)).to.deep.equal([]);
  });

  it('does not run the task again after a requeue, and exits with 201 (S-24)', async () => {
    const facts = await parking.park(KEEPS_RUNNING);
    const job = await submit(facts, QUICK_TEMPLATE, '--open-mode=append');
    await untilConsole(facts.taskId, 'at work', job);
    await cluster.run('scontrol', 'requeue', job);
    // If the second run starts during the clean-up of the first, it gets the exit code of the first.
    const waits = async (): Promise<boolean> => {
      const row = await cluster.run('squeue', '--noheader', '--jobs', job, '--format=%T %r');
      return row === 'PENDING BeginTime\n' && log(job).includes('after the agent') && readdirSync(nodeTmp).length === 0;
    };
    await waitUntil('the first run to be cleaned up and the job to wait again', waits);
    await cluster.run('scontrol', 'update', `JobId=${job}`, 'StartTime=now+4seconds');
    expect(await untilEnded(job), log(job)).to.deep.equal({ state: 'FAILED', exitCode: '201:0' });
    expect((await parking.user.look(facts.taskId)).status).to.equal('stopped');
    expect((await parking.user.console(facts.taskId)).match(/at work/g)).to.have.length(1);
  });
});

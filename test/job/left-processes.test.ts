// Processes of a task that its agent has left: with proctrack/linuxproc, Slurm would not find them at the end of the job.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { createNode, fillIn, jobFacts, PLAIN_TEMPLATE, type Node, type StartedJob } from './job-script.ts';

describe('processes that the agent has left', () => {
  let node: Node;
  beforeEach(() => {
    node = createNode();
  });
  afterEach(() => node.remove());

  function start(agent: string, template = PLAIN_TEMPLATE): StartedJob {
    return node.start(fillIn(template, jobFacts({ python: node.python })), { STAND_IN_AGENT: agent });
  }

  /** Starts a process in a separate session, and writes its ID to that file. */
  function leave(name: string, program: string): string {
    return `setsid bash -c 'echo $$ >${join(node.home, name)}; ${program}' >${join(node.home, `${name}.out`)} 2>&1 &
      until [ -s ${join(node.home, name)} ]; do sleep 0.05; done; `;
  }

  function runs(name: string): boolean {
    const pid = readFileSync(join(node.home, name), 'utf8').trim();
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
    } catch {
      return false;
    }
  }

  it('get SIGTERM when the agent ends', async () => {
    const job = start(
      `${leave('left', 'trap "echo saved; exit" TERM; for _ in {1..1200}; do sleep 0.05; done')}exit 3`,
    );
    expect((await job.ended).exitCode).to.equal(3);
    expect(runs('left')).to.equal(false);
    expect(readFileSync(join(node.home, 'left.out'), 'utf8')).to.include('saved');
    expect(node.leftovers()).to.deep.equal([]);
  });

  it('have time to save in a job that Slurm ends, and get SIGTERM only once', async () => {
    const saves = 'trap "echo signal; sleep 1; echo saved; exit" TERM; for _ in {1..1200}; do sleep 0.05; done';
    const job = start(`${leave('left', saves)}trap "exit 1" TERM; echo ready; for _ in {1..1200}; do sleep 0.05; done`);
    await job.printed('ready');
    process.kill(-Number(readFileSync(join(node.home, 'left'), 'utf8')), 'SIGTERM');
    process.kill(-(job.process.pid ?? 0), 'SIGTERM');
    expect((await job.ended).exitCode).to.equal(1);
    expect(runs('left')).to.equal(false);
    expect(readFileSync(join(node.home, 'left.out'), 'utf8')).to.match(
      /^(Terminated\s+)?signal\n(Terminated\s+)?saved\n$/,
    );
  });

  it('are killed before the job ends if they ignore SIGTERM, and the log names them', async () => {
    const job = start(`${leave('left', 'trap "" TERM; for _ in {1..1200}; do sleep 0.05; done')}exit 3`);
    const { exitCode, stderr } = await job.ended;
    expect(exitCode).to.equal(3);
    expect(runs('left')).to.equal(false);
    expect(stderr).to.match(/killed processes of the task that still ran after its agent had ended: \d+/);
  });

  it('do not include a process that the template started, which ends as the template wants', async () => {
    const own = `${leave('own', 'trap "echo stopped; exit" TERM; for _ in {1..1200}; do sleep 0.05; done')}\nown=$(cat ${join(node.home, 'own')})\n`;
    const template = PLAIN_TEMPLATE.replace("echo 'before the agent'\n", () => own).replace(
      "echo 'after the agent'\n",
      () => 'kill -0 "$own" && echo "runs still"; kill "$own"; wait "$own"\n',
    );
    const { stdout } = await start('exit 0', template).ended;
    expect(stdout).to.include('runs still');
    expect(readFileSync(join(node.home, 'own.out'), 'utf8')).to.equal('stopped\n');
  });

  it('do not include the processes of another job that the task submitted', async () => {
    const other = leave('other', 'trap "echo stopped; exit" TERM; for _ in {1..1200}; do sleep 0.05; done');
    const { exitCode } = await start(`export SLURM_JOB_ID=4712; ${other}exit 0`).ended;
    expect({ exitCode, runs: runs('other') }).to.deep.equal({ exitCode: 0, runs: true });
    process.kill(Number(readFileSync(join(node.home, 'other'), 'utf8')), 'SIGKILL');
  });
});

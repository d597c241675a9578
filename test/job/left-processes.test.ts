// Processes of a task that its agent has left: with proctrack/linuxproc, Slurm would not find them at the end of the job.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { waitUntil } from '../support/wait-until.ts';
import { createNode, fillIn, jobFacts, PLAIN_TEMPLATE, type Node, type StartedJob } from './job-script.ts';

describe('processes that outlive the agent of their task', () => {
  /** What a process does on SIGTERM. */
  const IGNORES = '';
  const SAVES = 'echo saved; exit';
  const SLEEPS = 'exec /bin/sleep 1000';
  let node: Node;
  beforeEach(() => {
    node = createNode();
  });
  afterEach(() => node.remove());

  function start(agent: string, template = PLAIN_TEMPLATE, env: Readonly<Record<string, string>> = {}): StartedJob {
    return node.start(fillIn(template, jobFacts({ python: node.python })), { STAND_IN_AGENT: agent, ...env });
  }

  /** A template in which this command precedes the builtin `name`, where `caller` calls it. */
  function withCommandBefore(name: string, caller: string, command: string): string {
    const wrapper = `${name}() { if [ "\${FUNCNAME[1]}" = ${caller} ]; then ${command}; fi; builtin ${name} "$@"; }`;
    return PLAIN_TEMPLATE.replace("echo 'before the agent'\n", () => `${wrapper}\nexport -f ${name}\n`);
  }

  /** A value of PATH in which these programs come before those of the system. */
  function pathWith(programs: Readonly<Record<string, string>>): string {
    const bin = join(node.home, 'bin');
    mkdirSync(bin);
    for (const [name, text] of Object.entries(programs))
      writeFileSync(join(bin, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
    return `${bin}:/usr/bin:/bin`;
  }

  /** Starts a process in a separate session. The file `name` has its ID as soon as it handles SIGTERM. */
  function leave(name: string, onTerm: string, program = 'for _ in {1..20000}; do sleep 0.05; done'): string {
    return `setsid bash -c 'trap "${onTerm}" TERM; echo $$ >${join(node.home, name)}; ${program}' >${join(node.home, `${name}.out`)} 2>&1 &
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

  /** A killed process may take a moment to end. */
  async function untilGone(name: string): Promise<void> {
    await waitUntil(`the process "${name}" to end`, () => !runs(name));
  }

  it('get SIGTERM when the agent ends', async () => {
    const job = start(`${leave('left', SAVES)}exit 3`);
    expect((await job.ended).exitCode).to.equal(3);
    expect(runs('left')).to.equal(false);
    expect(readFileSync(join(node.home, 'left.out'), 'utf8')).to.include('saved');
    expect(node.leftovers()).to.deep.equal([]);
  });

  it('get SIGTERM only once when Slurm ends the job, and have time to save', async () => {
    const saves = leave('left', 'echo signal; sleep 1; echo saved; exit');
    const job = start(`${saves}trap "exit 1" TERM; echo ready; for _ in {1..1200}; do sleep 0.05; done`);
    await job.printed('ready');
    process.kill(-Number(readFileSync(join(node.home, 'left'), 'utf8')), 'SIGTERM');
    process.kill(-(job.process.pid ?? 0), 'SIGTERM');
    expect((await job.ended).exitCode).to.equal(1);
    expect(runs('left')).to.equal(false);
    expect(readFileSync(join(node.home, 'left.out'), 'utf8')).to.match(
      /^(Terminated\s+)?signal\n(Terminated\s+)?saved\n$/,
    );
  });

  it('are killed before the job ends if they ignore SIGTERM', async () => {
    // As the real agent does, without a newline at the end.
    const agent = `${leave('left', IGNORES, SLEEPS)}printf "Process failed" >&2; exit 3`;
    const { exitCode, stderr } = await start(agent).ended;
    expect(exitCode).to.equal(3);
    await untilGone('left');
    expect(stderr).to.match(
      /^clearml: \S+ killed processes of the task that still ran after its agent had ended: \d+$/m,
    );
  });

  it('are killed as soon as the agent ends if SIGTERM came more than ten seconds earlier', async () => {
    const says = 'sleep() { echo "${FUNCNAME[1]} waits" >&2; command sleep "$@"; }\nexport -f sleep\n';
    const template = PLAIN_TEMPLATE.replace("echo 'before the agent'\n", () => says);
    const job = start(
      `${leave('left', IGNORES, SLEEPS)}trap "/bin/sleep 11; echo ended >&2; exit 1" TERM; echo ready; while :; do /bin/sleep 0.05; done`,
      template,
    );
    await job.printed('ready');
    process.kill(-(job.process.pid ?? 0), 'SIGTERM');
    const { exitCode, stderr } = await job.ended;
    expect(exitCode).to.equal(1);
    expect(stderr)
      .to.match(/^ended$/m)
      .and.include('killed processes of the task that still ran after its agent had ended')
      .and.not.include('clearml_end_processes waits');
    await untilGone('left');
  });

  it('are killed 20 seconds after SIGTERM even if the agent still waits for them', async () => {
    const faster = 'sleep() { SECONDS=$((SECONDS + 10)); command sleep "$@"; }\nexport -f sleep\n';
    const template = PLAIN_TEMPLATE.replace("echo 'before the agent'\n", () => faster);
    // The ID is read before the signal, which would end a command substitution.
    const agent = `unset -f sleep; trap : TERM; read -r left <${node.home}/left; echo ready; while kill -0 "$left"; do sleep 0.05; done`;
    const job = start(`${leave('left', IGNORES, SLEEPS)}${agent}; echo reported; exit 1`, template);
    await job.printed('ready');
    process.kill(-(job.process.pid ?? 0), 'SIGTERM');
    const { exitCode, stdout, stderr } = await job.ended;
    expect(exitCode).to.equal(1);
    expect(stdout).to.match(/^reported$/m);
    expect(stderr).to.match(/killed processes of the task that still ran 20 seconds after SIGTERM: \d/);
    expect(node.leftovers()).to.deep.equal([]);
  });

  it('are ended even if SIGTERM interrupts the search for these processes', async () => {
    const once = `if [ ! -e ${node.home}/once ]; then : >${node.home}/once; kill -TERM 0; fi`;
    const template = withCommandBefore('mapfile', 'clearml_list_processes', once);
    const { exitCode } = await start(`${leave('left', SAVES)}exit 3`, template).ended;
    expect({ exitCode, runs: runs('left') }).to.deep.equal({ exitCode: 3, runs: false });
    expect(readFileSync(join(node.home, 'left.out'), 'utf8')).to.include('saved');
  });

  it('are ended even if they lack SLURM_JOB_ID and the image lacks grep, xargs and cut', async () => {
    const missing = 'exit 127';
    const PATH = pathWith({ grep: missing, xargs: missing, cut: missing });
    await start(`unset SLURM_JOB_ID; ${leave('left', SAVES)}exit 3`, PLAIN_TEMPLATE, { PATH }).ended;
    expect(runs('left')).to.equal(false);
  });

  it('have the variable SPT_NOENV, so that setproctitle does not overwrite their environment', async () => {
    expect((await start('echo "SPT_NOENV=$SPT_NOENV"').ended).stdout).to.match(/SPT_NOENV=./);
  });

  it('do not delay the end of the job if the search for these processes hangs', async () => {
    const blocks = withCommandBefore('mapfile', 'clearml_list_processes', 'exec sleep 600');
    const { exitCode, stderr } = await start('exit 3', blocks).ended;
    expect(exitCode).to.equal(3);
    expect(stderr).to.include('could not read the environment of every process');
  });

  it('are killed together with child processes that start at the last moment', async () => {
    const forks = `until [ -e ${node.home}/fork ]; do sleep 0.05; done; sleep 1000 & echo $! >${node.home}/child; wait`;
    const before = `: >${node.home}/fork; until [ -s ${node.home}/child ]; do sleep 0.05; done`;
    const template = withCommandBefore('kill', 'clearml_kill_processes', `case $* in *KILL*) ${before} ;; esac`);
    await start(`${leave('left', IGNORES, forks)}exit 3`, template).ended;
    for (const name of ['left', 'child']) await untilGone(name);
  });

  it('get no signal if the template started them in the background', async () => {
    const own = `${leave('own', 'echo stopped; exit')}\nown=$(cat ${join(node.home, 'own')})\n`;
    const template = PLAIN_TEMPLATE.replace("echo 'before the agent'\n", () => own).replace(
      "echo 'after the agent'\n",
      () => 'kill -0 "$own" && echo "runs still"; kill "$own"; wait "$own"\n',
    );
    const { stdout } = await start('exit 0', template).ended;
    expect(stdout).to.include('runs still');
    expect(readFileSync(join(node.home, 'own.out'), 'utf8')).to.equal('stopped\n');
  });

  it('get no signal if they have the SLURM_JOB_ID of another job', async () => {
    const { exitCode } = await start(`export SLURM_JOB_ID=4712; ${leave('other', SAVES)}exit 0`).ended;
    expect({ exitCode, runs: runs('other') }).to.deep.equal({ exitCode: 0, runs: true });
    process.kill(Number(readFileSync(join(node.home, 'other'), 'utf8')), 'SIGKILL');
  });
});

// SIGTERM, which Slurm sends to every process of a job that is cancelled, preempted or at its time limit.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { createNode, fillIn, jobFacts, PLAIN_TEMPLATE, type Node, type StartedJob } from './job-script.ts';

/** The signal goes to the processes of this user that run the task: other tests, of another checkout too, must not run it. */
const anyTask = (): string => randomBytes(16).toString('hex');

/** Like the real agent: reports to the server, which takes a moment, and exits with 1. */
const REPORTS = 'trap "echo reported; sleep 0.3; echo done; exit 1" TERM; echo ready; while :; do sleep 0.05; done';

describe('SIGTERM', () => {
  let node: Node;
  beforeEach(() => {
    node = createNode();
  });
  afterEach(() => {
    node.remove();
  });

  function start(env: Record<string, string>, template = PLAIN_TEMPLATE): StartedJob {
    return node.start(fillIn(template, jobFacts({ python: node.python })), env);
  }

  for (const [what, template] of [
    ['', PLAIN_TEMPLATE],
    [
      ', even if nice runs CLEARML_AGENT_EXECUTE',
      PLAIN_TEMPLATE.replace('${CLEARML_AGENT_EXECUTE}', 'nice ${CLEARML_AGENT_EXECUTE}'),
    ],
    [', even under set -euo pipefail', PLAIN_TEMPLATE.replace('\n', '\nset -euo pipefail\n')],
  ] as const) {
    it(`reaches the agent once, and the agent has time to report${what}`, async () => {
      const job = start({ STAND_IN_AGENT: REPORTS }, template);
      await job.printed('ready');
      terminate(job);
      const { exitCode, stdout } = await job.ended;
      expect({ exitCode, stdout }).to.deep.equal({
        exitCode: 1,
        stdout: 'before the agent\nready\nreported\ndone\nafter the agent\n',
      });
      expect(node.leftovers()).to.deep.equal([]);
    });
  }

  it('does not end the agent if only the batch shell gets SIGTERM (--signal=B:TERM) (S-41)', async () => {
    const go = join(node.home, 'go');
    const job = start({
      STAND_IN_AGENT: `trap "echo hit" TERM; echo ready; until [ -e ${go} ]; do sleep 0.05; done; echo finished`,
    });
    await job.printed('ready');
    job.process.kill('SIGTERM');
    writeFileSync(go, '');
    const { exitCode, stdout } = await job.ended;
    expect({ exitCode, stdout }).to.deep.equal({
      exitCode: 0,
      stdout: 'before the agent\nready\nfinished\nafter the agent\n',
    });
  });

  it('makes the job script delete the credentials before a slow container has ended', async () => {
    const container = 'container() { trap : TERM; "$@"; local code=$?; echo cleaning; sleep 60; return "$code"; }';
    const template = PLAIN_TEMPLATE.replace(
      '${CLEARML_AGENT_EXECUTE}',
      `${container}\ncontainer \${CLEARML_AGENT_EXECUTE}`,
    );
    const agent = 'echo keys > "$TMPDIR/.clearml_agent.x.cfg"; echo password > "$TMPDIR/clearml_git_x.sh"; ';
    const job = start({ STAND_IN_AGENT: agent + REPORTS }, template);
    await job.printed('ready');
    terminate(job);
    await job.printed('cleaning');
    process.kill(-(job.process.pid ?? 0), 'SIGKILL');
    await job.ended;
    const left = readdirSync(node.tmp, { recursive: true, encoding: 'utf8' }).map((path) => basename(path));
    expect(left.filter((name) => /clearml\.conf|\.clearml_agent|clearml_git/.test(name))).to.deep.equal([]);
    expect(left).to.include('tmp');
  });

  it('ends the job with exit code 143 during the installation of clearml-agent', async () => {
    const job = start({ STAND_IN_HAS_AGENT: 'no', STAND_IN_PIP_SECONDS: '30' });
    await job.printed('installing', 'stderr');
    terminate(job);
    const { exitCode, stderr } = await job.ended;
    expect(exitCode).to.equal(143);
    expect(stderr).not.to.include('no Python');
    expect(node.leftovers()).to.deep.equal([]);
  });

  it('ends the job without starting the agent if the job still waits for the server', async () => {
    const job = start({ STAND_IN_GATE: 'echo at the gate >&2; sleep 30' });
    await job.printed('at the gate', 'stderr');
    terminate(job);
    const { exitCode, stdout } = await job.ended;
    expect(exitCode).not.to.equal(0);
    expect(stdout).to.equal('before the agent\n');
    expect(node.calls().some((call) => call.startsWith('agent'))).to.equal(false);
    expect(node.leftovers()).to.deep.equal([]);
  });

  it('does not interrupt the removal of the private directory', async () => {
    const bin = join(node.home, 'bin');
    mkdirSync(bin);
    // A cancelled job whose agent has just ended: all processes of the job are signalled, rm included, and then this shell again.
    writeFileSync(
      join(bin, 'rm'),
      `#!/bin/bash\ncase "$*" in *-rf*) kill -TERM 0; /bin/rm "$@"; kill -TERM 0; exit ;; esac\nexec /bin/rm "$@"\n`,
      { mode: 0o755 },
    );
    const job = start({ PATH: `${bin}:/usr/bin:/bin`, STAND_IN_AGENT: 'exit 3' });
    const { exitCode, stderr } = await job.ended;
    expect({ exitCode, stderr: stderr.includes('Terminated') }).to.deep.equal({ exitCode: 3, stderr: false });
    expect(node.leftovers()).to.deep.equal([]);
  });

  it('lets the job exit with the exit code of the agent even if "wait" returns 143', async () => {
    const loses = 'wait() { builtin wait "$@"; return 143; }\nexport -f wait\n';
    const agent = 'trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done';
    const job = start(
      { STAND_IN_AGENT: agent },
      PLAIN_TEMPLATE.replace('\n', () => `\n${loses}`),
    );
    await job.printed('ready');
    terminate(job);
    expect((await job.ended).exitCode).to.equal(3);
  });

  it("runs the template's trap after the agent has reported (S-41)", async () => {
    const template = PLAIN_TEMPLATE.replace('\n', "\ntrap 'echo mine' TERM\n");
    const job = start({ STAND_IN_AGENT: REPORTS }, template);
    await job.printed('ready');
    terminate(job);
    expect((await job.ended).stdout).to.include('done\nmine\nafter the agent\n');
  });
});

describe('a job with --signal=B:USR1', () => {
  let node: Node;
  beforeEach(() => {
    node = createNode();
  });
  afterEach(() => {
    node.remove();
  });

  function start(agent: string, template = PLAIN_TEMPLATE): StartedJob {
    const script = fillIn(template, jobFacts({ taskId: anyTask(), python: node.python, forwardedSignal: 'USR1' }));
    return node.start(script, { STAND_IN_AGENT: agent });
  }

  for (const [what, template] of [
    ['', PLAIN_TEMPLATE],
    [
      ', even if nice runs CLEARML_AGENT_EXECUTE',
      PLAIN_TEMPLATE.replace('${CLEARML_AGENT_EXECUTE}', 'nice ${CLEARML_AGENT_EXECUTE}'),
    ],
    [
      ', even if a shell function runs CLEARML_AGENT_EXECUTE',
      PLAIN_TEMPLATE.replace('${CLEARML_AGENT_EXECUTE}', 'run() { "$@"; }\nrun ${CLEARML_AGENT_EXECUTE}'),
    ],
    [', even under set -euo pipefail', PLAIN_TEMPLATE.replace('\n', '\nset -euo pipefail\n')],
  ] as const) {
    it(`forwards SIGUSR1 once to each process that handles the signal${what}`, async () => {
      const handles = `trap "echo saved" USR1; echo ready; until [ -e ${node.home}/go ]; do sleep 0.05; done; exit`;
      const job = start(`bash -c '(${handles}) & (${handles}) & wait; echo end; exit 4'; exit $?`, template);
      await job.until('both to be ready', () => job.seen().split('ready').length === 3);
      job.process.kill('SIGUSR1');
      await job.until('both to have saved', () => job.seen().split('saved').length === 3);
      writeFileSync(join(node.home, 'go'), '');
      const { exitCode, stdout, stderr } = await job.ended;
      expect({ exitCode, stdout }).to.deep.equal({
        exitCode: 4,
        stdout: 'before the agent\nready\nready\nsaved\nsaved\nend\nafter the agent\n',
      });
      expect(stderr).to.include('Slurm sent SIGUSR1, which was forwarded to the task (2)');
      expect(node.leftovers()).to.deep.equal([]);
    });
  }

  it('does not end a task that has no handler for SIGUSR1', async () => {
    const job = start(`echo ready; until [ -e ${node.home}/go ]; do sleep 0.05; done; exit 3`);
    await job.printed('ready');
    job.process.kill('SIGUSR1');
    await job.printed('no process of the task has a handler', 'stderr');
    writeFileSync(join(node.home, 'go'), '');
    expect((await job.ended).exitCode).to.equal(3);
  });

  it("forwards SIGTERM once to the agent, and then runs the template's trap", async () => {
    const job = start(REPORTS, PLAIN_TEMPLATE.replace('\n', "\ntrap 'echo mine' TERM\n"));
    await job.printed('ready');
    terminate(job);
    const { exitCode, stdout } = await job.ended;
    expect({ exitCode, stdout }).to.deep.equal({
      exitCode: 1,
      stdout: 'before the agent\nready\nreported\ndone\nmine\nafter the agent\n',
    });
    expect(node.leftovers()).to.deep.equal([]);
  });

  it('exits with the exit code of the agent even if "wait" returns 143', async () => {
    const loses = 'wait() { builtin wait "$@"; return 143; }\n';
    const agent = 'trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done';
    const job = start(
      agent,
      PLAIN_TEMPLATE.replace('\n', () => `\n${loses}`),
    );
    await job.printed('ready');
    terminate(job);
    expect((await job.ended).exitCode).to.equal(3);
  });

  it('starts the task with the default SIGINT handler of Python', async () => {
    const job = start('python3 -c "import signal; print(signal.getsignal(2) == signal.default_int_handler)"');
    expect((await job.ended).stdout).to.include('True');
  });
});

/** Signals the whole process group, as Slurm signals all processes of a step. */
function terminate(job: StartedJob): void {
  if (job.process.pid === undefined) throw new TypeError('the job was not started');
  process.kill(-job.process.pid, 'SIGTERM');
}

// The job script on several nodes, with the stand-in agent and a sandbox server: one rank starts the task, the others wait.
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { standInAgentPython } from '../stand-ins/agent/stand-in-agent.ts';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import { requirePython } from '../support/skip-unless.ts';
import { createNode, fillIn, type Node, type StartedJob } from './job-script.ts';
import { openParkingSandbox, QUICK_TEMPLATE, type ParkingSandbox } from './parking-sandbox.ts';

const BY_TEMPLATE = QUICK_TEMPLATE.replace('${CLEARML_AGENT_EXECUTE}', 'srun ${CLEARML_AGENT_EXECUTE}');

/** Each rank continues only when all have started. */
function synchronizedScript(folder: string, size: number): string {
  return `
import os, time
rank = os.environ["NODE_RANK"]
open("${folder}/" + rank, "w").close()
while not all(os.path.exists("${folder}/%d" % other) for other in range(${size})): time.sleep(0.05)
print(f"rank {rank} has met the others", flush=True)
`;
}

/** An agent takes its task, and so does the agent in it. */
const DEQUEUES = 2;

describe('a job with several ranks', () => {
  /** `endpoint code` of each call, in the order of the responses. */
  let calls: string[];
  let parking: ParkingSandbox;
  let node: Node;
  let folder: string;
  before(requirePython);
  before(async () => {
    const note = (_: string, { endpoint, code, subcode }: Readonly<Record<string, unknown>> = {}): void => {
      calls.push(`${String(endpoint)} ${String(code)}${typeof subcode === 'number' ? `/${subcode}` : ''}`);
    };
    calls = [];
    parking = await openParkingSandbox({ log: { debug: note, error: note } });
  });
  after(() => parking.close());
  beforeEach(async () => {
    calls.length = 0;
    node = createNode();
    folder = join(node.home, 'shared');
    mkdirSync(folder);
    symlinkSync(resolve('test/fixtures/job/srun'), join(folder, 'srun'));
    writeFileSync(join(node.home, 'clearml.conf'), parking.conf);
    await parking.user.api('sandbox.clear_faults', {});
  });
  afterEach(() => {
    node.remove();
  });

  /** @param onRank commands that a rank's shell runs before it starts its agent */
  async function start(code: string, size: number, { template = QUICK_TEMPLATE, onRank = '' } = {}): Promise<Started> {
    const python = join(folder, 'python');
    writeFileSync(
      python,
      `#!/bin/bash
# The program that waits for the first rank.
if [ "$1" = - ] && [ -n "\${SLURM_PROCID:-}" ]; then : >"${folder}/waits-$SLURM_PROCID"; fi
if [[ " $* " == *' clearml_agent execute '* ]]; then
${onRank}
:
fi
exec ${standInAgentPython()} "$@"
`,
      { mode: 0o755 },
    );
    const facts = { ...(await parking.park(code)), python };
    const env = { SLURM_JOB_NUM_NODES: String(size), PATH: `${folder}:/usr/local/bin:/usr/bin:/bin` };
    return { task: facts.taskId, job: node.start(fillIn(template, facts), env) };
  }

  function count(call: string): number {
    return calls.filter((one) => one === call || one.startsWith(`${call} `)).length;
  }

  async function statusOf(task: string): Promise<string> {
    return (await parking.user.look(task)).status;
  }

  for (const [how, template] of [
    ['the job script', QUICK_TEMPLATE],
    ['the template', BY_TEMPLATE],
  ] as const)
    it(`starts the other ranks only after rank 0 has started the task, if ${how} calls srun`, async () => {
      const size = 4;
      await parking.user.api('sandbox.fault', { endpoint: 'tasks.dequeue', kind: 'hold' });
      const { task, job } = await start(synchronizedScript(folder, size), size, { template });

      // Long enough for each of the others to have polled twice, or to have started the task instead.
      const others = (): boolean => count('tasks.get_all') > 2 * (size - 1) || count('tasks.dequeue') >= size - 1;
      await job.until('the other ranks to be heard of', others);
      expect(await statusOf(task)).to.equal('queued');
      await parking.user.api('sandbox.release', {});
      const { exitCode, stderr } = await job.ended;

      expect(exitCode, stderr).to.equal(0);
      expect(count('tasks.dequeue 400/121')).to.equal(0);
      expect(count('tasks.dequeue 200')).to.equal(DEQUEUES * size);
      expect(await statusOf(task)).to.equal('completed');
      const console = await parking.user.console(task);
      for (let rank = 0; rank < size; rank += 1) expect(console).to.include(`rank ${rank} has met the others`);
      expect(node.leftovers()).to.deep.equal([]);
    });

  it('ends all ranks if rank 0 fails before it starts the task', async () => {
    const { task, job } = await start('print("at work")', 3, {
      onRank: `if [ "$SLURM_PROCID" = 0 ]; then until [ -e ${folder}/fail ]; do sleep 0.1; done; exit 9; fi`,
    });
    await job.until('the others to wait', () => [1, 2].every((rank) => existsSync(join(folder, `waits-${rank}`))));
    writeFileSync(join(folder, 'fail'), '');

    const { exitCode, stderr } = await job.ended;

    expect(exitCode).to.equal(9);
    expect(stderr).to.include('rank 0 of 3 ended with exit code 9');
    expect(stderr).not.to.match(/rank [12] of 3 ended/);
    expect(await statusOf(task)).to.equal('queued');
    expect(node.leftovers()).to.deep.equal([]);
  });

  it('exits with the exit code 9 of rank 0 even if rank 2 has not yet entered its directory', async () => {
    const slow = `if [ "$SLURM_PROCID" = 2 ]; then case $1 in */python) : >${folder}/enters; exec sleep 1000 ;; esac; fi`;
    writeFileSync(join(folder, 'cat'), `#!/bin/bash\n${slow}\nexec /bin/cat "$@"\n`, { mode: 0o755 });
    const { job } = await start('print("at work")', 3, {
      onRank: `if [ "$SLURM_PROCID" = 0 ]; then until [ -e ${folder}/enters ]; do sleep 0.1; done; exit 9; fi`,
    });

    const { exitCode, stderr } = await job.ended;

    expect(exitCode, stderr).to.equal(9);
  });

  it('does not run a task that a user aborts while ranks wait for rank 0', async () => {
    const { task, job } = await start('print("at work")', 3, {
      onRank: `if [ "$SLURM_PROCID" = 0 ]; then until [ -e ${folder}/go ]; do sleep 0.1; done; fi`,
    });
    await job.until('the others to wait', () => count('tasks.get_all') > 2);
    await parking.user.api('tasks.stop', { task });
    for (const rank of [1, 2]) await job.printed(`rank ${rank} does not run the task, which was stopped`, 'stderr');
    writeFileSync(join(folder, 'go'), '');

    const { exitCode, stdout } = await job.ended;

    expect(exitCode).to.equal(1);
    expect(stdout).to.include('is not queued');
    expect(await statusOf(task)).to.equal('stopped');
    expect(await parking.user.console(task)).not.to.include('at work');
  });

  it('starts the agent of a rank again after the server has rejected tasks.dequeue', async () => {
    const { task, job } = await start(synchronizedScript(folder, 3), 3, {
      onRank: `if [ "$SLURM_PROCID" = 2 ]; then until [ -e ${folder}/go ]; do sleep 0.1; done; fi`,
    });
    await job.until('the others to begin', () => count('tasks.dequeue 200') === DEQUEUES * 2);
    // As if another agent changes the status at the same moment.
    await parking.user.api('sandbox.fault', { endpoint: 'tasks.dequeue', kind: 'status', status: 400, times: 2 });
    writeFileSync(join(folder, 'go'), '');

    const { exitCode, stdout, stderr } = await job.ended;

    expect(exitCode, stderr).to.equal(0);
    expect(stderr.match(/rank 2 was refused although the task is in progress/g)).to.have.length(2);
    expect(stdout).not.to.include('is not queued');
    expect(await parking.user.console(task)).to.include('rank 2 has met the others');
    expect(await statusOf(task)).to.equal('completed');
    expect(node.leftovers()).to.deep.equal([]);
  });

  it('exits with the exit code 5 of rank 1 even if the agent of rank 2 has not started', async () => {
    const code = `import os, sys, time
if os.environ["NODE_RANK"] == "1":
    while not os.path.exists("${folder}/waits-2"): time.sleep(0.05)
    sys.exit(5)
time.sleep(1000)`;
    const { job } = await start(code, 3, {
      onRank: 'if [ "$SLURM_PROCID" = 2 ]; then exec sleep 1000; fi',
    });

    const { exitCode } = await job.ended;

    expect(exitCode).to.equal(5);
  });

  it('does not report rank 2 as failed if SIGTERM reaches the agent before the shell', async () => {
    const signalled = `
read -r _ _ _ _ group _ </proc/$$/stat
(trap '' TERM; sleep 0.4; kill -TERM -- "-$group") </dev/null >/dev/null 2>&1 &
kill -TERM $$`;
    const { job } = await start('import time\ntime.sleep(1000)', 3, {
      onRank: `if [ "$SLURM_PROCID" = 2 ]; then until [ -e ${folder}/waits-1 ]; do sleep 0.05; done; ${signalled}; fi`,
    });

    const { exitCode, stderr } = await job.ended;

    expect({ exitCode, says: stderr.includes('rank 2 of 3 ended') }, stderr).to.deep.equal({
      exitCode: 1,
      says: false,
    });
  });

  it('completes its task even if the server returns errors to a rank that waits for rank 0', async () => {
    await parking.user.api('sandbox.fault', { endpoint: 'tasks.dequeue', kind: 'hold' });
    const { task, job } = await start(synchronizedScript(folder, 2), 2);
    await job.until('the other rank to wait', () => count('tasks.get_all') > 1);
    await parking.user.api('sandbox.fault', { endpoint: 'tasks.get_all', kind: 'status', status: 500, times: 1 });
    await parking.user.api('sandbox.fault', { endpoint: 'tasks.get_all', kind: 'drop-before', times: 1 });
    const left = async (): Promise<boolean> => (await parking.user.api('sandbox.get_faults', {}))['waiting'] === 0;
    await job.until('the failures to be over', left);
    await parking.user.api('sandbox.release', {});

    const { exitCode, stderr } = await job.ended;

    expect(exitCode, stderr).to.equal(0);
    expect(await statusOf(task)).to.equal('completed');
  });

  it('exits with 205 if the server rejects the credentials of the ranks', async () => {
    const { task, job } = await start('import time; time.sleep(3600)', 2, {
      template: QUICK_TEMPLATE.replace(
        '${CLEARML_AGENT_EXECUTE}',
        'printf "%s" "$CLEARML_SLURM_CONFIGURATION" >/dev/null\n' +
          'export CLEARML_SLURM_CONFIGURATION=$HOME/other.conf\n${CLEARML_AGENT_EXECUTE}',
      ),
    });
    writeFileSync(join(node.home, 'other.conf'), parking.conf.replace(/secret_key: "[^"]+"/, 'secret_key: "wrong"'));

    const { exitCode, stderr } = await job.ended;

    expect(exitCode, stderr).to.equal(JOB_EXIT_CODES.serverRefused.code);
    expect(stderr).to.include(JOB_EXIT_CODES.serverRefused.meaning);
    expect(await statusOf(task)).not.to.equal('completed');
  });
});

interface Started {
  readonly task: string;
  readonly job: StartedJob;
}

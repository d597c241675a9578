// Options of bash that a template sets, or that a profile of the user sets for a template under `bash -l`.
import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import type { JobFacts } from '../../src/sbatch-template/job-script/render-blocks.ts';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import { createNode, fillIn, jobFacts, PLAIN_TEMPLATE, type JobRun, type Node } from './job-script.ts';

describe('a job with shell options in its template', () => {
  let node: Node;
  beforeEach(() => {
    node = createNode();
  });
  afterEach(() => {
    node.remove();
  });

  function run(template: string, env: Record<string, string>, overrides: Partial<JobFacts> = {}): Promise<JobRun> {
    return node.run(fillIn(template, jobFacts({ python: node.python, ...overrides })), env);
  }

  it('gets MASTER_ADDR and MASTER_PORT even if the template sets IFS', async () => {
    const show = 'echo "at $MASTER_ADDR, port $MASTER_PORT"; exit 0';
    const template = PLAIN_TEMPLATE.replace("echo 'before the agent'", () => show);
    const { stdout } = await run(
      template.replace('\n', () => "\nIFS=$'\\n\\t'\n"),
      { SLURM_JOB_NUM_NODES: '2', STAND_IN_GATE: 'echo "n1 29511"' },
    );
    expect(stdout).to.equal('at n1, port 29511\n');
  });

  it('logs "Argument list too long" if the template exports 200 kB after CLEARML_PRE_SETUP', async () => {
    const long = 'export LONG="$(head -c 200000 /dev/zero | tr "\\0" x)"';
    const { exitCode, stderr } = await run(
      PLAIN_TEMPLATE.replace("echo 'before the agent'", () => long),
      {},
    );
    expect(exitCode).to.equal(126);
    expect(stderr).to.include('Argument list too long').and.to.include(`${node.python} cannot be started`);
    expect(stderr).not.to.include(JOB_EXIT_CODES.serverUnreachable.meaning);
    expect(node.leftovers()).to.deep.equal([]);
  });

  it('logs "Argument list too long" if the template exports 200 kB before CLEARML_PRE_SETUP', async () => {
    const long = 'export LONG="$(head -c 200000 /dev/zero | tr "\\0" x)"';
    const { exitCode, stderr } = await run(
      PLAIN_TEMPLATE.replace('\n', () => `\n${long}\n`),
      {},
    );
    expect(exitCode).to.equal(JOB_EXIT_CODES.noJobFolder.code);
    expect(stderr).to.include(`tried ${node.tmp} (Argument list too long), /tmp (Argument list too long)`);
  });

  it('runs the task under `set -o noclobber`', async () => {
    const { exitCode, stdout, stderr } = await run(
      PLAIN_TEMPLATE.replace('\n', '\nset -e -o noclobber\n'),
      { STAND_IN_AGENT: 'exit 3' },
      { forwardedSignal: 'USR1' },
    );
    expect({ exitCode, stdout }).to.deep.equal({ exitCode: 3, stdout: 'before the agent\nafter the agent\n' });
    expect(stderr).not.to.include('cannot overwrite');
  });

  for (const option of [
    'set -e -o posix',
    'export POSIXLY_CORRECT=1',
    'set -e; shopt -s failglob',
    'set -k',
    'set +h',
    "shopt -s expand_aliases; alias rm='rm -i' local=false",
  ])
    for (const [block, before] of [
      ['CLEARML_PRE_SETUP', '${CLEARML_PRE_SETUP}'],
      ['CLEARML_AGENT_EXECUTE', '${CLEARML_AGENT_EXECUTE}'],
    ] as const)
      it(`runs the task and removes the private directory even if \`${option}\` precedes ${block}`, async () => {
        const { exitCode, stdout, stderr } = await run(
          PLAIN_TEMPLATE.replace(before, () => `${option}\n${before}`),
          { STAND_IN_AGENT: 'exit 3' },
          { forwardedSignal: 'USR1', unixUser: 'ada' },
        );
        expect({ exitCode, stdout }).to.deep.equal({ exitCode: 3, stdout: 'before the agent\nafter the agent\n' });
        expect(stderr.split('\n').filter((line) => !/^clearml: .* (?:job|runs task)|^$/.test(line))).to.deep.equal([]);
        expect(readdirSync(node.tmp)).to.deep.equal([]);
      });

  it('has the same shell options before and after CLEARML_PRE_SETUP', async () => {
    const options = 'set -o posix +h; shopt -s failglob expand_aliases';
    const show = 'set +o; shopt -p; echo ---';
    const { stdout } = await run(
      PLAIN_TEMPLATE.replace('${CLEARML_PRE_SETUP}', () => `${options}\n${show}\n\${CLEARML_PRE_SETUP}\n${show}`),
      {},
    );
    const [before, after] = stdout.split('---\n');
    expect(before).to.include('set -o posix\n');
    expect(after).to.equal(before);
  });

  it('removes the private directory under `set -e` if the task must not run', async () => {
    const { exitCode } = await run(
      PLAIN_TEMPLATE.replace('\n', '\nset -e\n'),
      { STAND_IN_GATE: `echo "task was aborted"; exit ${JOB_EXIT_CODES.gateClosed.code}` },
      { unixUser: 'ada' },
    );
    expect(exitCode).to.equal(JOB_EXIT_CODES.gateClosed.code);
    expect(readdirSync(node.tmp)).to.deep.equal([]);
  });
});

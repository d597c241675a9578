// Options of bash that a template sets, or that a profile of the user sets for a template under `bash -l`.
import { expect } from 'chai';
import type { JobFacts } from '../../src/sbatch-template/job-script/render-blocks.ts';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import { createNode, fillIn, jobFacts, PLAIN_TEMPLATE, type JobRun, type Node } from './job-script.ts';

describe('a job whose template', () => {
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

  it('sets IFS gets an address and a port for its ranks', async () => {
    const show = 'echo "at $MASTER_ADDR, port $MASTER_PORT"; exit 0';
    const template = PLAIN_TEMPLATE.replace("echo 'before the agent'", () => show);
    const { stdout } = await run(
      template.replace('\n', () => "\nIFS=$'\\n\\t'\n"),
      { SLURM_JOB_NUM_NODES: '2', STAND_IN_GATE: 'echo "n1 29511"' },
    );
    expect(stdout).to.equal('at n1, port 29511\n');
  });

  it('exports a variable that is too long for any program ends, and the log gives the reason', async () => {
    const long = 'export LONG="$(head -c 200000 /dev/zero | tr "\\0" x)"';
    const { exitCode, stderr } = await run(
      PLAIN_TEMPLATE.replace('\n', () => `\n${long}\n`),
      {},
    );
    expect(exitCode).to.equal(JOB_EXIT_CODES.noJobFolder.code);
    expect(stderr).to.include(`tried ${node.tmp} (Argument list too long), /tmp (Argument list too long)`);
  });

  it('has `set -o noclobber` runs the task', async () => {
    const { exitCode, stdout, stderr } = await run(
      PLAIN_TEMPLATE.replace('\n', '\nset -e -o noclobber\n'),
      { STAND_IN_AGENT: 'exit 3' },
      { forwardedSignal: 'USR1' },
    );
    expect({ exitCode, stdout }).to.deep.equal({ exitCode: 3, stdout: 'before the agent\nafter the agent\n' });
    expect(stderr).not.to.include('cannot overwrite');
  });
});

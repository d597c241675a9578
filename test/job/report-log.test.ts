// A job of another Unix user reports the end of its log if its agent could not report the end of the task.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { JobFacts } from '../../src/sbatch-template/job-script/render-blocks.ts';
import { requireAgent } from '../support/skip-unless.ts';
import { fillIn, type JobRun } from './job-script.ts';
import { QUICK_TEMPLATE, useNodeWithSandbox } from './parking-sandbox.ts';

/** A report may take minutes on a busy machine. */
const PATIENT = { CLEARML_SLURM_REPORT_SECONDS: '600' };

const REPORTED = 'The last lines of its log:';

describe('a job of a mapped Unix user', () => {
  before(requireAgent);
  const bed = useNodeWithSandbox();

  /** Runs a job whose output is in a file, as in Slurm, with these lines before the agent. */
  async function run(facts: JobFacts, ...lines: readonly string[]): Promise<JobRun & { readonly console: string }> {
    const template = QUICK_TEMPLATE.replace(' -l\n', ' -l\nexec >"$HOME/log" 2>&1\n').replace(
      '${CLEARML_AGENT_EXECUTE}',
      `${lines.join('\n')}\n\${CLEARML_AGENT_EXECUTE}`,
    );
    const ended = await bed.node.run(fillIn(template, { unixUser: 'alice', ...facts }), PATIENT);
    return { ...ended, console: await bed.parking.user.console(facts.taskId) };
  }

  it("sends the end of its log to the task's console if a command of the template fails", async () => {
    const facts = await bed.parking.park('print("hello")');

    const { exitCode, console } = await run(facts, 'echo "no such module: cuda" >&2', 'exit 7');

    expect(exitCode).to.equal(7);
    expect(console).to.include(`The job ended with exit code 7. ${REPORTED}\n`).and.include('no such module: cuda');
    expect(await bed.parking.isParked(facts.taskId)).to.equal(true);
    expect(bed.node.leftovers()).to.deep.equal([]);
  });

  it('sends at most 30 lines of its log, without secrets and control sequences', async () => {
    const facts = await bed.parking.park('print("hello")');
    const key = /secret_key: "(.*)"/.exec(bed.parking.conf)?.[1] ?? expect.fail('no key');
    writeFileSync(
      join(bed.node.home, 'lines'),
      [
        ...Array.from({ length: 2_000 }, (_, index) => `line ${index}`),
        `using ${key}`,
        'export DB_PASSWORD=canary-1',
        'git clone https://me:canary-2@git.example.org/x',
        'Authorization: Bearer canary-3',
        'from the environment: canary-4',
        'a \u001b[31mred\u001b[0m word\u0007 $(touch "$HOME/owned") `id`',
        'x'.repeat(5_000),
      ].join('\n'),
    );

    const { console } = await run(facts, 'export MY_TOKEN=canary-4', 'cat "$HOME/lines"', 'exit 1');

    const report = console.slice(console.indexOf(REPORTED));
    expect(report).to.include('a red word $(touch "$HOME/owned") `id`').and.include('using ***');
    expect(report).to.not.match(/canary/);
    expect(report).to.not.include(key);
    expect(report.split('\n').length).to.be.at.most(32);
    expect(report.length).to.be.below(4_000);
    expect(bed.node.leftovers()).to.deep.equal([]);
  });

  for (const [what, code] of [
    ['the task succeeds', 'print("hello")'],
    ['the agent has reported the failure of the task', 'import sys; sys.exit(3)'],
  ] as const)
    it(`does not send its log to the console if ${what}`, async () => {
      const { console } = await run(await bed.parking.park(code));
      expect(console).to.not.include(REPORTED);
    });

  it('does not send its log to the console if another job runs the task', async () => {
    const facts = await bed.parking.park('print("hello")');
    await bed.parking.user.api('queues.remove_task', { queue: facts.schedulerQueueId, task: facts.taskId });
    expect((await run(facts)).console).to.not.include(REPORTED);
  });

  it('keeps its exit code even if the end of its log cannot be sent', async () => {
    const facts = await bed.parking.park('print("hello")');
    const unreachable = 'sed -i "s#api_server: .*#api_server: http://127.0.0.1:9#" "$CLEARML_CONFIG_FILE"';
    expect((await run(facts, unreachable, 'exit 7')).exitCode).to.equal(7);
    const { exitCode, console } = await run(facts, 'exec >/dev/null 2>&1', 'exit 8');
    expect(exitCode).to.equal(8);
    expect(console).to.not.include(REPORTED);
  });

  it('does not send its log to the console if the daemon runs as the same Unix user', async () => {
    const { unixUser: _, ...facts } = { unixUser: undefined, ...(await bed.parking.park('print("hello")')) };
    const template = QUICK_TEMPLATE.replace(' -l\n', ' -l\nexec >"$HOME/log" 2>&1\n').replace(
      '${CLEARML_AGENT',
      'exit 7\n${CLEARML_AGENT',
    );
    await bed.node.run(fillIn(template, facts));
    expect(await bed.parking.user.console(facts.taskId)).to.not.include(REPORTED);
  });
});

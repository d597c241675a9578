// `npm run demo` as users run it, with the real programs and with stand-ins.
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { summarize } from '../../examples/demo/outcome.ts';
import { requireAgent, requirePython, requireSandbox, requireSlurm } from '../support/skip-unless.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Shown {
  readonly exitCode: number | null;
  readonly output: string;
  readonly lines: readonly string[];
}

async function runDemo(variables: Readonly<Record<string, string>> = {}): Promise<Shown> {
  const demo = spawn(process.execPath, ['examples/demo/demo.mjs'], {
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, errors] = await Promise.all([text(demo.stdout), text(demo.stderr), once(demo, 'close')]);
  return { exitCode: demo.exitCode, output: output + errors, lines: output.trimEnd().split('\n') };
}

/** The summary of tasks with these statuses. */
function summaryOf(...statuses: readonly string[]): ReturnType<typeof summarize> {
  return summarize(statuses.map((status) => ({ task: { id: '', name: '' }, status, job: '', nodes: '' })));
}

const LAST_LINE = 'demo: 3 tasks: 2 completed, 1 failed, 0 lost';

describe('the demo (npm run demo)', () => {
  it('succeeds only if two tasks complete and one fails', () => {
    expect(summaryOf('completed', 'completed', 'failed')).to.deep.equal({ line: LAST_LINE, isAsExpected: true });
    expect(summaryOf('completed', 'completed', 'completed').isAsExpected).to.equal(false);
    expect(summaryOf('completed', 'failed', 'failed').isAsExpected).to.equal(false);
    for (const status of ['queued', 'in_progress', 'stopped']) {
      expect(summaryOf('completed', 'failed', status)).to.deep.equal({
        line: 'demo: 3 tasks: 1 completed, 1 failed, 1 lost',
        isAsExpected: false,
      });
    }
  });

  describe('with real Slurm and the real agent', () => {
    before(requireSlurm);
    before(requireAgent);

    it('shows two completed tasks, one of them on two nodes, and one failed task', async () => {
      const { exitCode, output, lines } = await runDemo();
      expect(exitCode, output).to.equal(0);
      expect(lines.at(-1), output).to.equal(LAST_LINE);
      expect(output)
        .to.match(/^ +Slurm +real: /m)
        .and.to.match(/^ +agent +real: clearml-agent/m);
      expect(output)
        .to.match(/two nodes +>>> rank 0 of 2 on n\d/)
        .and.to.match(/two nodes +>>> rank 1 of 2 on n\d/);
      expect(output).to.match(/^ +fails +failed +\d+ +n\d /m);
    });
  });

  describe('with stand-ins', () => {
    before(requirePython);

    it('shows two completed tasks and one failed task, and prints that it uses stand-ins', async () => {
      const { exitCode, output, lines } = await runDemo({ DEMO_STAND_INS: '1' });
      expect(exitCode, output).to.equal(0);
      expect(lines.at(-1), output).to.equal(LAST_LINE);
      expect(output)
        .to.match(/^ +Slurm +a stand-in /m)
        .and.to.match(/^ +agent +a stand-in/m);
    });

    it('exits with 130 and stops its ClearML server on SIGINT', async function () {
      requireSandbox.call(this);
      const demo = spawn(process.execPath, ['examples/demo/demo.mjs'], {
        env: { ...process.env, DEMO_STAND_INS: '1' },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const closed = once(demo, 'close');
      let output = '';
      demo.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
      await waitUntil('a task to start', () => output.includes('queued → in_progress'), {
        hopeless: () => (demo.exitCode === null ? undefined : `the demo ended with exit code ${demo.exitCode}`),
        evidence: () => output,
      });
      const [, url = ''] = /a sandbox server at (\S+),/.exec(output) ?? [];
      demo.kill('SIGINT');
      await closed;
      expect(demo.exitCode, output).to.equal(130);
      await fetch(url).then(
        () => expect.fail(`${url} still answers`),
        () => undefined,
      );
    });
  });
});

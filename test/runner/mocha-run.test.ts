// Checks that no failed test run is reported as passed.
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { waitUntil } from '../support/wait-until.ts';
import { runMocha } from './mocha-run.mjs';

describe('the mocha runner', function () {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'mocha-run-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function specThat(name: string, lines: readonly string[]): string {
    const path = join(folder, `${name}.test.mjs`);
    writeFileSync(path, lines.join('\n'));
    return path;
  }

  it('counts passed and skipped tests', async () => {
    const spec = specThat('passes', [
      "it('passes', () => undefined);",
      "it('is left out', function () { this.skip(); });",
    ]);

    const outcome = await runMocha(['--spec', spec], { mustBeReal: false, report: 'at its end' });

    expect(outcome.counts).to.deep.equal({ passed: 1, failed: 0, skipped: 1 });
    expect(outcome.says).to.include('✔ passes');
  });

  it('counts failed tests', async () => {
    const spec = specThat('fails', ["it('fails', () => { throw new Error('as it should'); });"]);

    const outcome = await runMocha(['--spec', spec], { mustBeReal: false, report: 'at its end' });

    expect(outcome.counts).to.deep.equal({ passed: 0, failed: 1, skipped: 0 });
    expect(outcome.failures?.map(({ title }) => title)).to.deep.equal(['fails']);
    expect(outcome.says).to.include('Error: as it should');
  });

  it('counts a test file with a failing import as a failure', async () => {
    const spec = specThat('broken', ["import './nowhere.mjs';"]);

    const outcome = await runMocha(['--spec', spec], { mustBeReal: false, report: 'at its end' });

    expect(outcome.counts).to.deep.equal({ failed: 1 });
  });

  it('ends a run in which no test begins for six seconds, and counts a failure', async () => {
    const spec = specThat('hangs', ["it('hangs', () => { for (;;); });"]);

    const outcome = await runMocha(['--spec', spec], { mustBeReal: false, report: 'at its end', silenceMs: 6_000 });

    expect(outcome.counts).to.deep.equal({ failed: 1 });
    expect(outcome.says).to.include('no test began for 0.1 minutes');
  });

  /** A test that starts three processes, in two more sessions, and then does what these lines say. */
  function specThatStarts(name: string, lines: readonly string[]): string {
    return specThat(name, [
      "import { spawn } from 'node:child_process';",
      "import { renameSync, writeFileSync } from 'node:fs';",
      "it('hangs', () => {",
      "  const parent = spawn('sh', ['-c', 'sleep 600 & echo $!; setsid sleep 600 & echo $!; wait'], { detached: true });",
      "  let said = '';",
      '  return new Promise(() => parent.stdout.on("data", (text) => {',
      '    said += text;',
      "    if (said.split('\\n').length < 3) return;",
      `    writeFileSync('${folder}/${name}.new', said + parent.pid);`,
      `    renameSync('${folder}/${name}.new', '${folder}/${name}');`,
      ...lines,
      '  }));',
      '});',
    ]);
  }

  /** Which of these processes still run. */
  function leftBy(name: string): string[] {
    const started = readFileSync(join(folder, name), 'utf8').split('\n');
    expect(started).to.have.lengthOf(3);
    return started.filter((pid) => existsSync(`/proc/${pid}`));
  }

  it('kills all processes of a stalled run, even in other sessions', async () => {
    const spec = specThatStarts('silent', []);

    await runMocha(['--spec', spec], { mustBeReal: false, report: 'at its end', silenceMs: 6_000 });

    expect(leftBy('silent')).to.deep.equal([]);
  });

  it('kills all processes of the tests if SIGINT ends mocha', async () => {
    const spec = specThatStarts('interrupted', ["process.kill(process.pid, 'SIGINT');"]);

    const outcome = await runMocha(['--spec', spec], { mustBeReal: false, report: 'at its end' });

    expect(outcome.counts).to.deep.equal({ failed: 1 });
    expect(leftBy('interrupted')).to.deep.equal([]);
  });

  it('kills all processes of the tests if SIGINT ends the runner', async () => {
    const spec = specThatStarts('orphaned', []);
    const runner = specThat('runner', [
      `import { runMocha } from '${resolve('test/runner/mocha-run.mjs')}';`,
      `await runMocha(['--spec', '${spec}'], { mustBeReal: false, report: 'at its end' });`,
    ]);
    const dying = spawn(process.execPath, [runner], { stdio: 'ignore' });
    await waitUntil('the processes', () => Promise.resolve(existsSync(join(folder, 'orphaned'))));

    dying.kill('SIGINT');

    await waitUntil('the end of the processes', () => Promise.resolve(leftBy('orphaned').length === 0));
  });

  it('counts a failure if SIGKILL ends mocha', async () => {
    const spec = specThat('vanishes', ["it('vanishes', () => process.kill(process.pid, 'SIGKILL'));"]);

    const outcome = await runMocha(['--spec', spec], { mustBeReal: false, report: 'at its end' });

    expect(outcome.counts).to.deep.equal({ failed: 1 });
  });

  it('counts a failure if the --grep pattern matches no test', async () => {
    const spec = specThat('unnamed', ["it('passes', () => undefined);"]);

    const outcome = await runMocha(['--spec', spec, '--grep', 'no such words'], {
      mustBeReal: false,
      report: 'at its end',
    });

    expect(outcome.counts).to.deep.equal({ passed: 0, failed: 1, skipped: 0 });
  });

  it('runs no after hook in a suite that is skipped because a program is missing', async () => {
    const spec = specThat('cleans-up', [
      `import { requireAgent } from '${resolve('test/support/skip-unless.ts')}';`,
      "process.env.CLEARML_AGENT_PYTHON = '/nowhere/python';",
      "describe('a needy room', () => {",
      '  before(requireAgent);',
      "  after(() => { throw new Error('there is nothing to clean up'); });",
      "  it('runs the agent', () => undefined);",
      '});',
    ]);

    const outcome = await runMocha(['--spec', spec], { mustBeReal: false, report: 'at its end' });

    expect(outcome.counts, outcome.says).to.deep.equal({ passed: 0, failed: 0, skipped: 1 });
  });

  it('counts a test that needs a missing program as skipped, or as failed if skips are forbidden', async () => {
    const spec = specThat('needy', [
      `import { requireAgent } from '${resolve('test/support/skip-unless.ts')}';`,
      "process.env.CLEARML_AGENT_PYTHON = '/nowhere/python';",
      "describe('a needy room', () => { before(requireAgent); it('runs the agent', () => undefined); });",
    ]);

    const leftOut = await runMocha(['--spec', spec], { mustBeReal: false, report: 'at its end' });
    const failed = await runMocha(['--spec', spec], { mustBeReal: true, report: 'at its end' });

    expect(leftOut.counts).to.deep.equal({ passed: 0, failed: 0, skipped: 1 });
    expect(failed.counts).to.deep.equal({ passed: 0, failed: 1, skipped: 0 });
  });
});

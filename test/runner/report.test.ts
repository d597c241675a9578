// The closing report: enough to find the cause of each failure, and short enough to read.
import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runMocha } from './mocha-run.mjs';
import { closingReport, retriesOf, shorten } from './report.mjs';

const lines = (count: number, word: string): string =>
  Array.from({ length: count }, (_, index) => `${word} ${index + 1}`).join('\n');

describe('the last line of a test run', () => {
  it('counts the retried tests, and names each crash once', () => {
    expect(retriesOf([])).to.equal('');
    expect(retriesOf(['slurmd died by SIGSEGV', 'slurmd died by SIGSEGV'])).to.equal(
      '2 retried: slurmd died by SIGSEGV; ',
    );
  });
});

describe('the closing report of a test run', () => {
  it('is empty if no test failed', () => {
    expect(closingReport([])).to.equal('');
  });

  it('shows each failure with its details, and lists the titles by lane at the end', () => {
    const report = closingReport([
      { section: 'jobs', failures: [{ title: 'a job ends', details: ['Error: it did not', 'its log'] }] },
      { section: 'lint', failures: [{ title: 'lint', details: ['x.ts: no'] }] },
    ]);

    expect(report).to.equal(
      [
        '\n── failed: a job ends (jobs)\nError: it did not\nits log',
        '\n── failed: lint (lint)\nx.ts: no',
        '\nFailed in jobs:\n  a job ends',
        '\nFailed in lint:\n  lint',
      ].join('\n'),
    );
  });

  it('shows the first 20 of 50 failures in full, and all 50 titles', () => {
    const failures = Array.from({ length: 50 }, (_, index) => ({ title: `test ${index}`, details: ['why'] }));

    const report = closingReport([{ section: 'all', failures }]);

    expect(report.match(/── failed/g)).to.have.length(20);
    expect(report).to.match(/Failed in all:\n(  test \d+\n?){50}$/);
  });

  it('shortens a text of 510 lines to 120 lines, in the middle', () => {
    const text = shorten([lines(10, 'error'), lines(500, 'log')]);

    expect(text.split('\n')).to.have.length(120);
    expect(text)
      .to.include(lines(10, 'error'))
      .and.to.include('log 1\n')
      .and.to.match(/log 500$/);
    expect(text).to.match(/… \d+ lines are left out …/);
  });

  it('keeps the last line of each of three long parts', () => {
    const text = shorten([lines(500, 'error'), lines(500, 'console'), lines(500, 'log')]);

    expect(text.split('\n')).to.have.length(120);
    for (const last of ['error 500', 'console 500', 'log 500']) expect(text).to.include(last);
  });

  it('shows the error, stack, difference and cause of a failed test, and the output of its programs', async () => {
    const { failures } = await runSpec(
      `import { offerEvidence } from '${resolve('test/support/evidence.ts')}';
       import { expect } from '${resolve('node_modules/chai/index.js')}';
       it('passes', async () => { await offerEvidence({ read: async () => ['of another test'] }).close(); });
       it('ends what it started', async () => {
         await offerEvidence({ read: async () => ['the last words of a cluster'] }).close();
         throw new Error('it broke', { cause: new Error('a deeper cause') });
       });
       it('leaves something running', () => {
         offerEvidence({ read: async () => ['the log of a daemon', 'the states of its jobs'] });
         offerEvidence({ read: async () => { throw new Error('gone'); } });
         expect('this').to.equal('that');
       });`,
    );

    const [ended = '', running = ''] = failures?.map(({ details }) => details.join('\n')) ?? [];
    expect(ended)
      .to.match(/Error: it broke\n {4}at .*some\.test\.mjs/)
      .and.to.include('cause: Error: a deeper cause')
      .and.to.match(/the last words of a cluster$/);
    expect(running)
      .to.include("expected 'this' to equal 'that'")
      .and.to.include('+that')
      .and.to.include('the log of a daemon\nthe states of its jobs\nno evidence: Error: gone');
  });

  it('shows what programs printed in a failed before hook, and no output of earlier tests', async () => {
    const { failures } = await runSpec(
      `import { offerEvidence } from '${resolve('test/support/evidence.ts')}';
       const open = (text) => offerEvidence({ read: async () => [text] });
       describe('earlier tests', () => {
         const evidence = open('of earlier tests');
         after(() => evidence.close());
         it('pass', () => undefined);
       });
       describe('tests', () => {
         let evidence;
         before(async () => { evidence = open('the log of a server'); throw new Error('no server'); });
         after(() => evidence.close());
         it('need a server', () => undefined);
       });
       describe('a test', () => {
         let evidence;
         beforeEach(async () => { evidence = open('the log of a cluster'); throw new Error('no cluster'); });
         afterEach(() => evidence.close());
         it('needs a cluster', () => undefined);
       });`,
    );

    const [all = [], each = []] = failures?.map(({ details }) => details) ?? [];
    expect(each.slice(1)).to.deep.equal(['the log of a cluster']);
    expect(all.slice(1)).to.deep.equal(['the log of a server']);
  });

  it('counts a failed before hook once, even if the after hook fails too', async () => {
    const { failures } = await runSpec(
      `describe('tests', () => {
         let server;
         before(async () => { throw new Error('no server'); });
         after(() => server.close());
         it('need a server', () => undefined);
       });
       describe('other tests', () => {
         after(() => { throw new Error('it does not end'); });
         it('have a server', () => undefined);
       });`,
    );

    const [before = [], after = []] = failures?.map(({ details }) => details) ?? [];
    expect(failures).to.have.length(2);
    expect(before.at(0)).to.include('Error: no server');
    expect(before.at(-1)).to.match(/^The after hook failed too: TypeError: /);
    expect(after.at(0)).to.include('Error: it does not end');
  });

  it('names the test that ran when SIGKILL ended mocha', async () => {
    const { failures } = await runSpec("it('pulls the plug', () => process.kill(process.pid, 'SIGKILL'));");

    expect(failures?.[0]?.details[0]).to.equal(
      'mocha ended with exit code 137\nthe last test that began: pulls the plug',
    );
  });

  it('shows the set-up time, processor time and waiting time of the run', async () => {
    const { says = '' } = await runSpec(
      `import { spawnSync } from 'node:child_process';
       it('has a child that works', () => { spawnSync('sh', ['-c', 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done']); });`,
    );

    expect(says).to.match(/set-up \d+\.\d s, processor time (?!0\.0)\d+\.\d s, waiting \d+\.\d s$/);
  });
});

/** Runs these tests in a separate mocha. */
async function runSpec(text: string): ReturnType<typeof runMocha> {
  const folder = mkdtempSync(join(tmpdir(), 'closing-'));
  const spec = join(folder, 'some.test.mjs');
  writeFileSync(spec, text);
  try {
    return await runMocha(['--spec', spec], { mustBeReal: false, report: 'at its end' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

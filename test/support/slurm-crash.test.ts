// A crash of Slurm under a test is named, and the test is retried once on restarted daemons.
import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runMocha } from '../runner/mocha-run.mjs';
import type { Outcome } from '../runner/report.mjs';
import { requireSlurm } from './skip-unless.ts';

describe('a test with a crash of slurmd', () => {
  before(requireSlurm);
  let outcome: Outcome;

  before('runs two tests, one of which crashes slurmd in the retry too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slurm-crash-'));
    const spec = join(folder, 'some.test.mjs');
    writeFileSync(
      spec,
      `import { startSlurmCluster } from '${resolve('test/support/slurm-cluster.ts')}';
       import { waitUntil } from '${resolve('test/support/wait-until.ts')}';
       let cluster;
       before(async () => { cluster = await startSlurmCluster({ nodeCount: 1 }); });
       after(() => cluster.stop());
       async function crash() {
         process.kill(cluster.nodePid('n1'), 'SIGSEGV');
         await waitUntil('nothing', () => false);
       }
       let isRetry = false;
       it('is innocent', async () => {
         if (!isRetry) { isRetry = true; await crash(); }
         await cluster.run('srun', 'true');
       });
       it('crashes slurmd', crash);`,
    );
    try {
      outcome = await runMocha(['--spec', spec], { mustBeReal: false, report: 'at its end' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is retried once after a restart of slurmd', () => {
    expect(outcome.counts, outcome.says).to.deep.equal({ passed: 1, failed: 1, skipped: 0 });
    expect(outcome.retried).to.deep.equal(['slurmd died by SIGSEGV', 'slurmd died by SIGSEGV']);
    expect(outcome.says).to.include('retrying, as slurmd died by SIGSEGV: is innocent');
  });

  it('fails and reports the node, the signal and the log if slurmd crashes again in the retry', () => {
    const [failure] = outcome.failures ?? [];
    const details = failure?.details.join('\n') ?? '';

    expect(failure?.title).to.equal('crashes slurmd');
    expect(details).to.include('n1 ended by itself (SIGSEGV)');
    expect(details).to.match(/in the first try, n1: slurmd died by SIGSEGV\n.*slurmd/s);
  });
});

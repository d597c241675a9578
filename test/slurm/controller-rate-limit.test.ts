// A controller that limits the calls of each user (rl_enable): calls become slow, and none is refused, lost or doubled.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createLocalTransport } from '../../src/transport/local-transport.ts';
import { createCommandLineScheduler } from '../../src/slurm/run-slurm-commands.ts';
import { requireRoot, requireSlurmVersion } from '../support/skip-unless.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';

const COMMANDS = ['sbatch', 'squeue', 'sacct', 'scancel', 'scontrol'] as const;
const NOBODY = '65534';
/** Four at once, and then one a second. */
const LIMIT = 'SlurmctldParameters=rl_enable,rl_bucket_size=4,rl_refill_rate=1';
const JOBS = 10;

describe('a controller with a rate limit per user (rl_enable)', () => {
  let cluster: SlurmCluster;
  let folder: string;
  before(requireRoot);
  before(requireSlurmVersion('24.11'));
  before(async () => {
    cluster = await startSlurmCluster({ version: '24.11', extraLines: [LIMIT] });
    folder = mkdtempSync(join(tmpdir(), 'rate-limit-'));
    chmodSync(folder, 0o755);
    // Root is never limited.
    for (const name of COMMANDS) {
      const asNobody = `setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups /usr/bin/${name}`;
      const wrapper = readFileSync(join(cluster.binDir ?? '', name), 'utf8').replace(`/usr/bin/${name}`, asNobody);
      writeFileSync(join(folder, name), wrapper, { mode: 0o755 });
    }
  });
  after(async () => {
    await cluster.stop();
    rmSync(folder, { recursive: true });
  });

  it('accepts each of 10 simultaneous submissions exactly once (S-49)', async () => {
    const host = createLocalTransport({
      path: `${folder}:/usr/bin:/bin`,
      home: '/tmp',
      user: 'nobody',
      workingDirectory: '/tmp',
      variables: { SLURM_CONF: cluster.slurmConf },
    });
    const commands = Object.fromEntries(COMMANDS.map((name) => [name, name])) as Record<
      (typeof COMMANDS)[number],
      string
    >;
    const nothing = (): void => undefined;
    const scheduler = createCommandLineScheduler({
      host,
      commands,
      sbatchTimeoutMs: 180_000,
      commandTimeoutMs: 60_000,
      log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
      randomToken: () => 'token',
    });
    const names = Array.from({ length: JOBS }, (_, index) => `clearml_task_${String(index).padStart(32, '0')}-a`);
    const script = '#!/bin/sh\n#SBATCH --chdir=/tmp\n#SBATCH --output=/dev/null\n';

    const outcomes = await Promise.all(names.map((jobName) => scheduler.submit({ jobName, script })));

    expect(outcomes.map(({ kind }) => kind)).to.deep.equal(names.map(() => 'accepted'));
    const found = await scheduler.list();
    expect(found.kind === 'listed' ? found.jobs.map(({ name }) => name).sort() : found).to.deep.equal(names);
    await host.close();
  });
});

// A job in a partition that Slurm hides from its users is tracked like any other.
import { expect } from 'chai';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireRoot, requireSlurm } from '../support/skip-unless.ts';
import { startSlurmCluster } from '../support/slurm-cluster.ts';
import { createLocalScheduler } from './local-scheduler.ts';

/** No user's: Slurm hides nothing from root and its own user. */
const AS_NOBODY = 'setpriv --reuid=65534 --regid=65534 --clear-groups';

describe('the Slurm client', () => {
  before(requireRoot);
  before(requireSlurm);

  it('lists a job in a partition with Hidden=YES', async () => {
    await using cluster = await startSlurmCluster({
      clusterName: 'hiding',
      nodeCount: 1,
      extraLines: ['PartitionName=secret Nodes=ALL State=UP Hidden=YES'],
    });
    const folder = mkdtempSync(join(tmpdir(), 'hidden-'));
    chmodSync(folder, 0o777);
    for (const command of ['sbatch', 'squeue', 'scontrol']) {
      writeFileSync(join(folder, command), `#!/bin/sh\nexec ${AS_NOBODY} /usr/bin/${command} "$@"\n`, { mode: 0o755 });
    }
    const scheduler = createLocalScheduler({ folder, commandsDir: folder, variables: cluster.env });

    const script = '#!/bin/bash\n#SBATCH --partition=secret\n#SBATCH --hold\ntrue\n';
    const outcome = await scheduler.submit({ jobName: 'hidden', script });
    const answer = await scheduler.list();
    rmSync(folder, { recursive: true });

    expect(outcome.kind).to.equal('accepted');
    expect(answer.kind === 'listed' && answer.jobs.map((job) => job.partition)).to.deep.equal(['secret']);
  });
});

// What the agent of each node gets of the job's CPUs and GPUs if the template requests several tasks on a node, on real Slurm.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { SLURM_RELEASES } from '../set-up/slurm-roots.mjs';
import { requireSlurmVersion } from '../support/skip-unless.ts';
import { startSlurmCluster } from '../support/slurm-cluster.ts';
import { waitUntil } from '../support/wait-until.ts';
import { fillIn, jobFacts, PLAIN_TEMPLATE } from './job-script.ts';

const ENVIRONMENT = `
export STAND_IN_LOG=/dev/null CLEARML_API_HOST=http://127.0.0.1:9 CLEARML_API_SECRET_KEY=x
export STAND_IN_AGENT='echo "agent: $SLURM_CPUS_ON_NODE CPUs, $SLURM_CPUS_PER_TASK per task, GPUs $CUDA_VISIBLE_DEVICES"'
`;

/** Uses a variable of the job that its step must not get. */
const FUNCTION = `
srun() { echo "function: $SLURM_CPUS_PER_TASK per task"; command srun "$@"; }
`;

for (const { version } of SLURM_RELEASES)
  describe(`a job with several Slurm tasks per node (Slurm ${version})`, () => {
    before(requireSlurmVersion(version));

    for (const [request, expected] of [
      ['--ntasks-per-node=2 --cpus-per-task=1 --gpus-per-task=1', /^agent: 2 CPUs, 1 per task, GPUs 0,1$/m],
      ['--gpus=4 --ntasks-per-gpu=1', /^agent: 2 CPUs, \d* per task, GPUs 0,1$/m],
    ] as const)
      it(`gives each agent all CPUs and GPUs that the job has on the agent's node (${request})`, async () => {
        const folder = mkdtempSync(join(tmpdir(), 'whole-nodes-'));
        await using cluster = await startSlurmCluster({ version, clusterName: 'whole', nodeCount: 2, gpusPerNode: 4 });
        const script = join(folder, 'script');
        const logs: string[] = [];
        for (const startsBySrun of [false, true]) {
          const output = join(folder, `output-${startsBySrun}`);
          const facts = jobFacts({ python: resolve('test/fixtures/job/python'), startsBySrun });
          const template = PLAIN_TEMPLATE.replace('\n', () => `${ENVIRONMENT}${FUNCTION}`);
          writeFileSync(script, fillIn(template, facts));
          await cluster.run('sbatch', '--parsable', `--output=${output}`, '--nodes=2', ...request.split(' '), script);
          await waitUntil('the job to end', async () => (await cluster.run('squeue', '--noheader')).trim() === '');
          logs.push(readFileSync(output, 'utf8'));
        }

        rmSync(folder, { recursive: true });
        for (const log of logs) expect(log).to.match(expected);
        expect(logs[1]).to.match(request.includes('--cpus-per-task=1') ? /^function: 1 per task$/m : /^function: /m);
      });
  });

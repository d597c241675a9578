// One task on three nodes of real Slurm, each of its ranks in a container.
import { resolve } from 'node:path';
import { APPTAINER_BESIDE } from '../set-up/slurm-roots.mjs';
import { requireAgent, requireSlurmVersion } from '../support/skip-unless.ts';
import { describeTaskOnThreeNodes } from './several-nodes-tests.ts';

describeTaskOnThreeNodes({
  name: 'in containers, with the real clearml-agent',
  python: () => resolve('test/fixtures/agent/python'),
  required: [requireAgent, requireSlurmVersion(APPTAINER_BESIDE)],
  inContainers: true,
});

// The template that init writes for clusters of all kinds: it has no lint findings and fits the facts of the cluster.
import { expect } from 'chai';
import { askUser } from '../../src/init/write-first-files.ts';
import { choose, type TypedChoices } from '../../src/init/choose-settings.ts';
import type { Site } from '../../src/init/probe-site.ts';
import { generateFirstTemplate } from '../../src/init/generate-first-template.ts';
import { lintTemplate } from '../../src/lint/lint-template.ts';
import { NOTHING_TYPED, SITE, withPartition, withShellFacts } from './site-fixture.ts';

async function written(site: Site, typed: Partial<TypedChoices> = {}): Promise<string> {
  return generateFirstTemplate(site, await choose(site, { ...NOTHING_TYPED, ...typed }, askUser(undefined)));
}

const MODULES = ['Python/3.11.3', 'apptainer/1.4.1'];
const ONE_JOB = [{ account: 'lab', isDefault: true, qos: 'one-job' }];

describe('the template from init', () => {
  for (const [what, site, typed, ...lines] of [
    [
      'a GPU request',
      SITE,
      {},
      '# Nodes of gpu have gpu:a100:4 (sinfo).',
      '#SBATCH --gres=gpu:${CLEARML_TASK.hyperparams.properties.gpus.value:1}',
    ],
    [
      'no GPU request if the partition has no GPUs',
      withPartition({ gres: ['shard:4'] }),
      {},
      '# No GPUs: sinfo lists none in gpu.',
    ],
    [
      "the user's default account",
      SITE,
      {},
      '# Your default account (sacctmgr). Your other accounts: course.\n#SBATCH --account=lab',
    ],
    [
      'the account that --account names',
      SITE,
      { account: 'course' },
      '# You gave it on the command line. Your other accounts: lab.\n#SBATCH --account=course',
    ],
    [
      'a QOS if the partition rejects the default QOS',
      withPartition({ entrances: ONE_JOB }),
      {},
      '# gpu does not accept the default QOS of the account (scontrol).\n#SBATCH --qos=one-job',
    ],
    [
      'a request for as many nodes as the user property num_nodes sets',
      SITE,
      {},
      '# The task runs once on each node; gpu has 2 (sinfo).\n#SBATCH --nodes=${CLEARML_TASK.hyperparams.properties.num_nodes.value:1}\n#SBATCH --ntasks-per-node=1\n',
    ],
    [
      'a default time limit of four hours',
      SITE,
      {},
      '#SBATCH --time=${CLEARML_TASK.hyperparams.properties.walltime.value:04:00:00}',
    ],
    [
      'a default time limit of 30 minutes if the partition permits no more',
      withPartition({ timeLimit: '30:00' }),
      {},
      'properties.walltime.value:30:00}',
    ],
    ['a default of 2 CPUs if the nodes have 2 CPUs', withPartition({ cpus: 2 }), {}, 'properties.cpus.value:2}'],
    [
      'a default of 4000 MB of memory if the nodes have 4000 MB',
      withPartition({ memoryMb: 4000 }),
      {},
      'properties.memory.value:4000M}',
    ],
    [
      'no memory request if Slurm does not know the memory of the nodes',
      withPartition({ memoryMb: 1 }),
      {},
      '# No --mem: the memory of the nodes of',
    ],
    [
      'no "module load" if the login node has Python',
      SITE,
      {},
      '#!/bin/bash\n',
      '# The login node has Python 3.11; doctor --on-node checks',
    ],
    [
      'a "module load" for Python if the login node has no other Python',
      withShellFacts({ python: undefined, hasModules: true, modules: MODULES }),
      {},
      '#!/bin/bash -l\n',
      '# No python3 on the login node without this module (module avail).\nmodule load Python/3.11.3 || exit\n',
    ],
    [
      'a comment on how to load modules if no module is needed',
      withShellFacts({ hasModules: true, modules: MODULES }),
      {},
      '#!/bin/bash\n',
      '# Modules are available: to load some here',
    ],
    [
      '"bash -l" if only the login profile provides Python',
      withShellFacts({}, { python: undefined }),
      {},
      '#!/bin/bash -l\n',
      '# The first line has -l because only the login profile ',
    ],
    [
      '"bash -l" if only the login profile sets https_proxy',
      withShellFacts({ networkVariables: ['https_proxy', 'PIP_CERT'] }, { networkVariables: ['PIP_CERT'] }),
      {},
      '#!/bin/bash -l\n',
      '# The login node has Python 3.11; doctor --on-node checks',
      '# The first line has -l because only the login profile sets https_proxy; jobs',
    ],
    [
      '"srun apptainer exec" for containers with Apptainer',
      withShellFacts({ containers: 'apptainer' }),
      { containers: 'apptainer' },
      '\nsrun apptainer exec ${CLEARML_AGENT_EXECUTE}\n',
    ],
    [
      'no "bash -l" if only a non-login shell finds Apptainer',
      withShellFacts({}, { containers: 'apptainer' }),
      { containers: 'apptainer' },
      '#!/bin/bash\n',
      '\nsrun apptainer exec ${CLEARML_AGENT_EXECUTE}\n',
    ],
    [
      '"srun singularity exec" after "module load singularity/3.8"',
      withShellFacts({ hasModules: true, modules: ['singularity/3.8'] }),
      { containers: 'singularity' },
      '#!/bin/bash -l\n',
      'module load singularity/3.8 || exit\n',
      '\nsrun singularity exec ${CLEARML_AGENT_EXECUTE}\n',
    ],
    [
      '"#SBATCH --container-image" for containers with Pyxis',
      { ...SITE, hasPyxis: true },
      { containers: 'pyxis' },
      '#SBATCH --container-image=${CLEARML_TASK.container.image:docker://python:3.12}',
      '#SBATCH --container-mount-home',
    ],
  ] as readonly (readonly [string, Site, Partial<TypedChoices>, ...string[]])[]) {
    it(`passes lint and has ${what}`, async () => {
      const text = await written(site, typed);

      for (const line of lines) expect(text).to.include(line);
      expect(lintTemplate('slurm.template', text).findings).to.deep.equal([]);
    });
  }

  it('has no --account if the user has no account, or only an account named "a b"', async () => {
    const strange = withPartition({ entrances: [{ account: 'a b', isDefault: true, qos: undefined }] });

    expect(await written(withPartition({ entrances: [] }))).not.to.include('--account');
    expect(await written(strange)).not.to.include('--account');
  });
});

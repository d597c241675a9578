// What init writes for clusters of all kinds lints clean, and follows what the cluster told.
import { expect } from 'chai';
import { askUser } from '../../src/init/write-site.ts';
import { choose, type TypedChoices } from '../../src/init/choices.ts';
import type { Site } from '../../src/init/site.ts';
import { startingTemplate } from '../../src/init/starting-template.ts';
import { lintTemplate } from '../../src/lint/lint-template.ts';
import { SITE, withPartition, withSurvey } from './a-site.ts';

async function written(site: Site, typed: Partial<TypedChoices> = {}): Promise<string> {
  const nothing = {
    queue: undefined,
    partition: undefined,
    account: undefined,
    containers: undefined,
    'shared-dir': undefined,
  };
  return startingTemplate(site, await choose(site, { ...nothing, ...typed }, askUser(undefined)));
}

const MODULES = ['Python/3.11.3', 'apptainer/1.4.1'];
const ONE_JOB = [{ account: 'lab', isDefault: true, qos: 'one-job' }];

describe('the starting template', () => {
  for (const [what, site, typed, ...lines] of [
    [
      'a GPU',
      SITE,
      {},
      '# Nodes of gpu have gpu:a100:4 (sinfo).',
      '#SBATCH --gres=gpu:${CLEARML_TASK.hyperparams.properties.gpus.value:1}',
    ],
    ['no GPU where there is none', withPartition({ gres: ['shard:4'] }), {}, '# No GPUs: sinfo lists none in gpu.'],
    [
      'the usual account',
      SITE,
      {},
      '# Your default account (sacctmgr). Your other accounts: course.\n#SBATCH --account=lab',
    ],
    [
      'the account as typed',
      SITE,
      { account: 'course' },
      '# From your command line. Your other accounts: lab.\n#SBATCH --account=course',
    ],
    [
      'the QOS that the partition takes',
      withPartition({ entrances: ONE_JOB }),
      {},
      '# gpu does not accept the default QOS of the account (scontrol).\n#SBATCH --qos=one-job',
    ],
    [
      'the number of nodes',
      SITE,
      {},
      '# The task runs once on each node; gpu has 2 (sinfo).\n#SBATCH --nodes=${CLEARML_TASK.hyperparams.properties.num_nodes.value:1}\n#SBATCH --ntasks-per-node=1\n',
    ],
    ['the usual time', SITE, {}, '#SBATCH --time=${CLEARML_TASK.hyperparams.properties.walltime.value:04:00:00}'],
    ['a shorter limit', withPartition({ timeLimit: '30:00' }), {}, 'properties.walltime.value:30:00}'],
    ['no more CPUs than a node has', withPartition({ cpus: 2 }), {}, 'properties.cpus.value:2}'],
    ['no more memory than a node has', withPartition({ memoryMb: 4000 }), {}, 'properties.memory.value:4000M}'],
    ['no memory where Slurm knows none', withPartition({ memoryMb: 1 }), {}, '# No --mem: the memory of the nodes of'],
    [
      'nothing to be loaded where Python is there',
      SITE,
      {},
      '#!/bin/bash\n',
      '# The login node has Python 3.11; doctor --on-node checks',
    ],
    [
      'the module of Python where there is no other',
      withSurvey({ python: undefined, hasModules: true, modules: MODULES }),
      {},
      '#!/bin/bash -l\n',
      '# No python3 on the login node without this module (module avail).\nmodule load Python/3.11.3\n',
    ],
    [
      'modules as a hint where they are not needed',
      withSurvey({ hasModules: true, modules: MODULES }),
      {},
      '#!/bin/bash\n',
      '# Modules are available: to load some here',
    ],
    [
      'the login profile where only it knows Python',
      withSurvey({}, { python: undefined }),
      {},
      '#!/bin/bash -l\n',
      '# The first line has -l because only the login profile ',
    ],
    [
      'the login profile where only it knows the way through a proxy',
      withSurvey({ networkVariables: ['https_proxy', 'PIP_CERT'] }, { networkVariables: ['PIP_CERT'] }),
      {},
      '#!/bin/bash -l\n',
      '# The login node has Python 3.11; doctor --on-node checks',
      '# The first line has -l because only the login profile sets https_proxy; jobs',
    ],
    [
      'Apptainer',
      withSurvey({ containers: 'apptainer' }),
      { containers: 'apptainer' },
      '\nsrun apptainer exec ${CLEARML_AGENT_EXECUTE}\n',
    ],
    [
      'Apptainer that only the path of jobs has',
      withSurvey({}, { containers: 'apptainer' }),
      { containers: 'apptainer' },
      '#!/bin/bash\n',
      '\nsrun apptainer exec ${CLEARML_AGENT_EXECUTE}\n',
    ],
    [
      'Singularity by its module',
      withSurvey({ hasModules: true, modules: ['singularity/3.8'] }),
      { containers: 'singularity' },
      '#!/bin/bash -l\n',
      'module load singularity/3.8\n',
      '\nsrun singularity exec ${CLEARML_AGENT_EXECUTE}\n',
    ],
    [
      'Pyxis',
      { ...SITE, hasPyxis: true },
      { containers: 'pyxis' },
      '#SBATCH --container-image=${CLEARML_TASK.container.image:docker://python:3.12}',
      '#SBATCH --container-mount-home',
    ],
  ] as readonly (readonly [string, Site, Partial<TypedChoices>, ...string[]])[]) {
    it(`asks for ${what}, and lints clean`, async () => {
      const text = await written(site, typed);

      for (const line of lines) expect(text).to.include(line);
      expect(lintTemplate('slurm.template', text).findings).to.deep.equal([]);
    });
  }

  it('names no account where there is none, or one that is no plain word', async () => {
    const strange = withPartition({ entrances: [{ account: 'a b', isDefault: true, qos: undefined }] });

    expect(await written(withPartition({ entrances: [] }))).not.to.include('--account');
    expect(await written(strange)).not.to.include('--account');
  });
});

// What `init` writes for clusters of all kinds lints clean, and follows what the cluster told.
import { expect } from 'chai';
import { startingTemplate, type Site } from '../../src/cli/starting-files.ts';
import { lintTemplate } from '../../src/template/lint/lint-template.ts';

const GPU = {
  name: 'gpu',
  isDefault: true,
  isUp: true,
  timeLimit: '2-00:00:00',
  nodes: 2,
  usableNodes: 2,
  cpus: 64,
  memoryMb: 512_000,
  gres: ['gpu:a100:4'],
};

const SITE: Site = {
  clusterName: 'lyon',
  version: '24.11.5',
  partitions: [GPU],
  partition: GPU,
  isPartitionChosen: false,
  accounts: [
    { cluster: 'lyon', account: 'lab', isDefault: true, partition: undefined, qos: [], defaultQos: undefined },
    { cluster: 'lyon', account: 'course', isDefault: false, partition: undefined, qos: [], defaultQos: undefined },
  ],
  account: undefined,
};

function withPartition(change: Partial<typeof GPU>): Site {
  const partition = { ...GPU, ...change };
  return { ...SITE, partition, partitions: [partition] };
}

describe('the starting template', () => {
  for (const [what, site, line] of [
    ['a GPU', SITE, '#SBATCH --gres=gpu:${CLEARML_TASK.hyperparams.properties.gpus.value:1}'],
    ['no GPU where there is none', withPartition({ gres: ['shard:4'] }), '# No GPUs: sinfo shows none in gpu.'],
    [
      'the usual account',
      SITE,
      '# Your default account, says sacctmgr. Others of yours: course.\n#SBATCH --account=lab',
    ],
    ['the account as typed', { ...SITE, account: 'course' }, '# As you typed it.\n#SBATCH --account=course'],
    ['the usual time', SITE, '#SBATCH --time=${CLEARML_TASK.hyperparams.properties.walltime.value:04:00:00}'],
    ['a shorter limit', withPartition({ timeLimit: '30:00' }), 'properties.walltime.value:30:00}'],
    ['no more CPUs than a node has', withPartition({ cpus: 2 }), 'properties.cpus.value:2}'],
    ['no more memory than a node has', withPartition({ memoryMb: 4000 }), 'properties.memory.value:4000M}'],
    ['no memory where Slurm knows none', withPartition({ memoryMb: 1 }), '# No --mem: Slurm is not told'],
  ] as const) {
    it(`asks for ${what}, and lints clean`, () => {
      const text = startingTemplate(site);

      expect(text).to.include(line);
      expect(lintTemplate('slurm.template', text).findings).to.deep.equal([]);
    });
  }

  it('names no account where there is none, or one that is no plain word', () => {
    const strange = [
      { cluster: 'lyon', account: 'a b', isDefault: true, partition: undefined, qos: [], defaultQos: undefined },
    ];

    expect(startingTemplate({ ...SITE, accounts: [] })).not.to.include('--account');
    expect(startingTemplate({ ...SITE, accounts: strange })).not.to.include('--account');
  });
});

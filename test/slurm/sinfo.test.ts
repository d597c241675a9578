// Reads sinfo's lines as partitions.
import { expect } from 'chai';
import { parsePartitions } from '../../src/slurm/sinfo.ts';

describe('parsePartitions (from sinfo)', () => {
  it('adds up the nodes in all lines of a partition and uses the largest node size', () => {
    const text = [
      'gpu*|up|2-00:00:00|3|idle|64|512000+|gpu:a100:4(S:0-1)',
      'gpu*|up|2-00:00:00|1|down*|32|256000|gpu:v100:2,shard:8',
      'cpu|down|infinite|2|mixed|16+|64000|(null)',
      'short|up|30:00|0|n/a|0|0|(null)',
      '',
    ].join('\n');

    expect(parsePartitions(text)).to.deep.equal([
      {
        name: 'gpu',
        isDefault: true,
        isUp: true,
        timeLimit: '2-00:00:00',
        nodes: 4,
        usableNodes: 3,
        cpus: 64,
        memoryMb: 512_000,
        gres: ['gpu:a100:4', 'gpu:v100:2', 'shard:8'],
      },
      {
        name: 'cpu',
        isDefault: false,
        isUp: false,
        timeLimit: 'infinite',
        nodes: 2,
        usableNodes: 2,
        cpus: 16,
        memoryMb: 64_000,
        gres: [],
      },
      {
        name: 'short',
        isDefault: false,
        isUp: true,
        timeLimit: '30:00',
        nodes: 0,
        usableNodes: 0,
        cpus: 0,
        memoryMb: 0,
        gres: [],
      },
    ]);
  });

  for (const [state, isUsable] of [
    ['idle', true],
    ['mixed', true],
    ['allocated', true],
    ['completing', true],
    ['planned', true],
    ['idle~', true],
    ['idle*', false],
    ['down', false],
    ['drained', false],
    ['draining', false],
    ['drained*', false],
    ['maint', false],
  ] as const) {
    it(`${isUsable ? 'counts' : 'does not count'} a node in the state "${state}" as usable`, () => {
      expect(parsePartitions(`p|up|infinite|1|${state}|1|1|(null)`)[0]?.usableNodes).to.equal(isUsable ? 1 : 0);
    });
  }

  it('ignores incomplete lines and values that are not numbers', () => {
    const [gpu, ...others] = parsePartitions(
      'Welcome!\ngpu|up|1:00|?|idle|x|-|(null)\n|||\ngpu|up|1:00|2|idle|4|100|gpu:1\n',
    );

    expect(gpu).to.include({ name: 'gpu', nodes: 2, usableNodes: 2, cpus: 4, memoryMb: 100 });
    expect(others).to.deep.equal([]);
  });
});

// The nodes and GPUs of live jobs, as squeue --Format prints them, and the number of nodes in a list.
import { expect } from 'chai';
import { SlurmUnavailableError } from '../../src/slurm/errors.ts';
import { gpusIn, parseSqueueSizes, squeueSizesArgs, countNodes } from '../../src/slurm/squeue-nodes-and-gpus.ts';
import { result } from './recorded-output.ts';
import { MARK } from './squeue-records.ts';

/** A row as real squeue pads it. */
function row(
  ...[id, nodes, tasks, alloc, perJob = 'N/A', perNode = 'N/A', perTask = 'N/A']: readonly string[]
): string {
  const widths = [12, 12, 12, 160, 60, 60, 60];
  const fields = [id, nodes, tasks, alloc, perJob, perNode, perTask];
  return `${fields.map((field = '', at) => `${field.padEnd(widths[at] ?? 0)}|${MARK}`).join('')}\n`;
}

function sizes(...rows: readonly string[]): Record<string, string> {
  const read = parseSqueueSizes(result({ stdout: rows.join('') }), MARK);
  return Object.fromEntries([...read].map(([id, { nodes, gpus }]) => [id, `${nodes} nodes, ${gpus} GPUs`]));
}

describe('the squeue query for job sizes', () => {
  it('ends each field with a marker unique to the call', () => {
    const args = squeueSizesArgs(MARK, [1000, 1001]);

    expect(args).to.include.members(['--all', '--user=1000,1001', '--noheader']);
    expect(args.at(-1)).to.match(/^--Format=JobID:12\|mark1234,NumNodes:12\|mark1234,.*tres-per-task:60\|mark1234$/);
  });

  it('returns the allocated nodes and GPUs if Slurm counts GPUs', () => {
    expect(
      sizes(
        row('1', '2', '2', 'cpu=2,mem=8G,node=2,billing=2,gres/gpu=4,gres/gpu:a100=4', 'N/A', 'gres:gpu:2'),
        row('2', '1', '1', 'cpu=1,mem=4G,node=1,billing=1'),
      ),
    ).to.deep.equal({ 1: '2 nodes, 4 GPUs', 2: '1 nodes, 0 GPUs' });
  });

  it('computes the number of GPUs from the requested resources if Slurm does not count GPUs', () => {
    const plain = 'cpu=2,mem=8G,node=2,billing=2';
    expect(
      sizes(
        row('1', '2', '2', plain, 'N/A', 'gres:gpu:2'),
        row('2', '2', '2', plain, 'N/A', 'gres/gpu:a100:2'),
        row('3', '1', '1', plain, 'gres:gpu:3'),
        row('4', '2', '5', plain, 'N/A', 'N/A', 'gres:gpu:1'),
        row('5', '2', '5', plain, 'N/A', 'N/A', 'cpu=2,gres/gpu=1'),
        row('6', '1', '1', plain, 'N/A', 'gres:gpu'),
      ),
    ).to.deep.equal({
      1: '2 nodes, 4 GPUs',
      2: '2 nodes, 4 GPUs',
      3: '1 nodes, 3 GPUs',
      4: '2 nodes, 5 GPUs',
      5: '2 nodes, 5 GPUs',
      6: '1 nodes, 1 GPUs',
    });
  });

  it('reports Slurm as unavailable if squeue fails or prints an error or truncated output', () => {
    const whole = row('1', '1', '1', 'node=1');
    for (const given of [
      { stdout: whole.slice(0, -20) },
      { stdout: `${whole}${row('2', '1', '1', 'node=1').slice(0, 60)}` },
      { stdout: whole, stderr: 'slurm_load_jobs error' },
      { stdout: whole, exitCode: 1 },
    ])
      expect(() => parseSqueueSizes(result(given), MARK)).to.throw(SlurmUnavailableError);
  });
});

describe('the number of GPUs in a list of resources', () => {
  for (const [text, gpus] of [
    ['', 0],
    ['N/A', 0],
    ['cpu=4,gres/shard=3,gres/gpumemory=80', 0],
    ['gres/gpu:a100=2,gres/gpu:h100=1', 3],
    ['gres/gpu=3,gres/gpu:a100=2,gres/gpu:h100=1', 3],
    ['gpu:2', 2],
    ['gres:gpu:a100:2,gres:gpu:h100', 3],
    ['license/gpu=7', 0],
    ['gres/gpu:1g.10gb:2', 2],
    ['gres:gpu:3g.20gb:1', 1],
    ['cpu=1,gres/gpu:1g.10gb=2', 2],
    ['gres/gpu:4090:2', 2],
    ['gres/gpu=3,gres/gpu:4090=2,gres/gpu:1g.10gb=1', 3],
    ['gpu:3g.20gb', 1],
    ['gpu:4090', 4090],
  ] as const)
    it(`is ${gpus} for "${text}"`, () => expect(gpusIn(text)).to.equal(gpus));
});

describe('the number of nodes in a node list of Slurm', () => {
  for (const [list, count] of [
    ['n1', 1],
    ['gpu-a.lab,n2', 2],
    ['n[1-4]', 4],
    ['n[01-04,7],gpu3', 6],
    ['a[1,3],b[10-12]', 5],
    ['', undefined],
    ['n[1-4', undefined],
    ['n[4-1]', undefined],
    ['n1,', undefined],
    ['bgq[000x133]', undefined],
    ['(null)', undefined],
  ] as const) {
    it(`is ${String(count)} for "${list}"`, () => {
      expect(countNodes(list)).to.equal(count);
    });
  }
});

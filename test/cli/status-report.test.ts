// The table of tasks in a terminal: as wide as it is there, and a few lines for each task where a table has no room.
import { expect } from 'chai';
import { statusText, type ClusterStatus } from '../../src/cli/status-report.ts';
import type { TaskId } from '../../src/clearml/ids.ts';
import type { JobId } from '../../src/slurm/scheduler.ts';

const SEEN: ClusterStatus = {
  cluster: undefined,
  stateDir: '/home/jane/.local/state/clearml-agent-slurm',
  daemon: undefined,
  clearmlTrouble: undefined,
  slurmTrouble: undefined,
  rows: [
    {
      task: 'a'.repeat(32) as TaskId,
      name: 'train the large model once more',
      queue: 'gpu',
      job: '4711' as JobId,
      state: 'PENDING',
      since: Date.UTC(2026, 0, 2, 3, 4),
      nodes: undefined,
      why: 'it is held (JobHeldUser). Release it with "scontrol release JOBID", or ask whoever has held it.',
    },
    {
      task: 'b'.repeat(32) as TaskId,
      name: undefined,
      queue: 'gpu',
      job: undefined,
      state: 'parked',
      since: undefined,
      nodes: undefined,
      why: '',
    },
  ],
};

const longest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

describe('the table of tasks', () => {
  for (const columns of [80, 120]) {
    it(`becomes a few lines for each task in a terminal of ${columns} columns`, () => {
      const text = statusText([SEEN], columns);

      expect(longest(text)).to.be.at.most(columns);
      expect(text).to.include(
        `${'a'.repeat(32)}  train the large model o…\n    queue gpu, job 4711, PENDING since 2026-01-02 03:04 UTC\n    it is held`,
      );
      expect(text).to.match(/b{32} {2}-?\n? *queue gpu, parked\n$/);
    });
  }

  it('stays a table where there is room for it, and where nobody says how much there is', () => {
    for (const text of [statusText([SEEN], 240), statusText([SEEN])]) {
      expect(text).to.match(/^TASK +NAME +QUEUE +JOB +STATE +SINCE +NODE +WHY$/m);
      expect(text).to.match(/^a{32} .* PENDING .* whoever has held it\.$/m);
    }
  });
});

// The table of tasks in a terminal: fits the width, with several lines for each task if a table is too wide.
import { expect } from 'chai';
import { textWidth } from '../../src/base/wrap-text.ts';
import { painter } from '../../src/base/terminal-text.ts';
import { statusDocument, statusText } from '../../src/cli/format-status.ts';
import type { ClusterStatus } from '../../src/daemon/status/collect-status.ts';
import type { TaskId } from '../../src/clearml/ids.ts';
import type { JobId } from '../../src/slurm/scheduler.ts';

const SEEN: ClusterStatus = {
  cluster: undefined,
  stateDir: '/home/jane/.local/state/clearml-agent-slurm',
  daemon: undefined,
  clearmlError: undefined,
  slurmError: undefined,
  pauses: [],
  limits: [],
  now: Date.UTC(2026, 0, 2, 5),
  endedSinceMs: 3_600_000,
  waiting: [],
  waitingCount: 0,
  ended: [],
  rows: [
    {
      task: 'a'.repeat(32) as TaskId,
      name: 'train the large model once more',
      owner: undefined,
      queue: 'gpu',
      job: '4711' as JobId,
      state: 'PENDING',
      since: Date.UTC(2026, 0, 2, 3, 4),
      nodes: undefined,
      startsAt: undefined,
      why: 'it is held (JobHeldUser). Release the job with "scontrol release JOBID", or ask the user who held it.',
    },
    {
      task: 'b'.repeat(32) as TaskId,
      name: undefined,
      owner: undefined,
      queue: 'gpu',
      job: undefined,
      state: 'parked',
      since: undefined,
      nodes: undefined,
      startsAt: undefined,
      why: '',
    },
  ],
};

const plain = painter({ isTerminal: false, environment: {} });
const shown = (columns = Infinity, seen = SEEN): string => statusText([seen], { paint: plain, columns });
const longest = (text: string): number => Math.max(...text.split('\n').map(textWidth));
const [HELD, PARKED] = SEEN.rows;
if (HELD === undefined || PARKED === undefined) throw new Error('there are two rows');

describe('the task table of the status command', () => {
  for (const columns of [60, 80]) {
    it(`has several lines for each task in a terminal of ${columns} columns`, () => {
      const text = shown(columns);

      expect(longest(text)).to.be.at.most(columns);
      expect(text).to.include(
        `${'a'.repeat(32)}  train the large model o…\n    queue gpu, job 4711, PENDING since 2026-01-02 03:04 UTC\n    it is held`,
      );
      expect(text).to.match(/b{32} {2}-?\n? *queue gpu, parked\n$/);
    });
  }

  it('shows each reason below its row in a terminal of 120 columns', () => {
    const text = shown(120);

    expect(longest(text)).to.be.at.most(120);
    expect(text).to.match(/^TASK +NAME +QUEUE +JOB +STATE +SINCE +NODE +WHY$/m);
    expect(text).to.match(/^a{32} {2}train the large model o… {2}gpu .* UTC {2}-\n {4}it is held \(JobHeldUser\)/m);
    expect(text).to.match(/^b{32} .* parked +- +-\n$/m);
  });

  it('wraps the reasons within their column in a terminal of 160 columns', () => {
    const text = shown(160);

    expect(longest(text)).to.be.at.most(160);
    expect(text).to.match(/^a{32} .* PENDING .* {2}- {5}it is held \(JobHeldUser\)\..*\n {100,}\S/m);
  });

  it('has one line for each task in a terminal of 240 columns or in a pipe', () => {
    for (const text of [shown(240), shown()]) {
      expect(text).to.match(/^TASK +NAME +QUEUE +JOB +STATE +SINCE +NODE +WHY$/m);
      expect(text).to.match(/^a{32} .* PENDING .* the user who held it\.$/m);
    }
  });

  it('stays aligned if the names of tasks have wide characters', () => {
    const names = ['学習タスク：大規模言語モデルの微調整', '👩‍🚀👩‍🚀 launch the big experiment with emoji', 'plain'];
    const text = shown(240, { ...SEEN, rows: names.map((name) => ({ ...HELD, name })) });

    const starts = text
      .split('\n')
      .filter((line) => line.includes('gpu'))
      .map((line) => textWidth(line.slice(0, line.indexOf('gpu'))));
    expect(starts).to.deep.equal([60, 60, 60]);
    expect(text).to.include('学習タスク：大規模言語…').and.to.include('👩‍🚀👩‍🚀 launch the big exp…');
  });

  it('shows RUNNING and FAILED in color, but PENDING and parked without a color', () => {
    const states = ['RUNNING', 'FAILED', 'absent', 'PENDING', 'parked'];
    const rows = states.map((state) => ({ ...PARKED, state }));
    const paint = painter({ isTerminal: true, environment: {} });

    const text = statusText([{ ...SEEN, rows }], { paint, columns: 240 });

    expect(text).to.include('\x1b[32mRUNNING\x1b[').and.to.include('\x1b[31mFAILED\x1b[');
    expect(text)
      .to.include('\x1b[33mabsent\x1b[')
      .and.to.match(/ PENDING /)
      .and.to.match(/ parked /);
    expect(shown(240, { ...SEEN, rows })).to.equal(text.replaceAll(/\x1b\[\d+m/g, ''));
  });

  it('lists queued tasks and ended tasks after the active tasks', () => {
    const more: ClusterStatus = {
      ...SEEN,
      rows: [],
      daemon: {
        host: 'login1',
        pid: 7,
        begun: '1',
        since: Date.UTC(2026, 0, 2, 2),
        draining: true,
      },
      waiting: [
        {
          task: 'c'.repeat(32) as TaskId,
          name: 'next one',
          queue: 'gpu',
          place: 1,
          since: Date.UTC(2026, 0, 2, 4),
          why: '',
        },
      ],
      waitingCount: 12,
      ended: [
        {
          task: 'd'.repeat(32) as TaskId,
          name: 'last\x1b[31m one',
          queue: 'gpu',
          job: '4710',
          status: 'failed',
          endedAt: Date.UTC(2026, 0, 2, 4, 30),
          why: 'Slurm job 4710 ended TIMEOUT',
        },
      ],
    };
    const text = shown(Infinity, more);
    expect(text).to.include('since 2026-01-02 02:00 UTC (3 h). It is draining: it claims no new tasks');
    expect(text).to.include('Waiting in queues: 12 (shown: the first tasks of each)\nPLACE  TASK');
    expect(text).to.match(/^1 {6}c{32} {2}next one {2}gpu {4}2026-01-02 04:00 UTC$/m);
    expect(text).to.include('Ended in the last 60 min: 1\nTASK');
    expect(text).to.match(
      /^d{32} {2}last one {2}gpu {4}4710 {2}failed {2}2026-01-02 04:30 UTC {2}Slurm job 4710 ended/m,
    );
    for (const columns of [60, 80, 120]) expect(longest(shown(columns, more))).to.be.at.most(columns);
  });

  it('truncates a status reason of 100,000 characters', () => {
    const ended = {
      task: 'd'.repeat(32) as TaskId,
      name: 'long',
      queue: 'gpu',
      job: '4710',
      status: 'stopped',
      endedAt: Date.UTC(2026, 0, 2, 4, 30),
      why: 'word '.repeat(20_000),
    };

    const text = shown(110, { ...SEEN, rows: [], ended: [ended] });

    expect(text).to.match(/word.*…$/m);
    expect(text.length).to.be.below(1_000);
  });

  it('is followed by the pauses and the reasons why queued tasks wait', () => {
    const paused: ClusterStatus = {
      ...SEEN,
      pauses: [
        { queue: null, since: Date.UTC(2026, 0, 2, 4), until: Date.UTC(2026, 0, 2, 8), reason: 'new drivers' },
        { queue: 'gpu', since: Date.UTC(2026, 0, 2, 4), until: null, reason: '', by: 'alice' },
      ],
      waiting: [
        {
          task: 'c'.repeat(32) as TaskId,
          name: 'next',
          queue: 'gpu',
          place: 1,
          since: undefined,
          why: 'it is paused.',
        },
      ],
      waitingCount: 1,
    };

    const text = shown(Infinity, paused);
    expect(text).to.include(
      'All queues are paused since 2026-01-02 04:00 UTC until 2026-01-02 08:00 UTC (new drivers): no task is claimed.\n',
    );
    expect(text).to.include('Queue gpu is paused since 2026-01-02 04:00 UTC by alice: no task is claimed.\n');
    expect(text).to.match(/^PLACE .* WHY\n1 .* it is paused\.$/m);
    expect(shown(Infinity, { ...SEEN, pauses: undefined })).to.include('The pauses cannot be read');
  });

  it('is preceded by the limits', () => {
    const limited: ClusterStatus = {
      ...SEEN,
      limits: [
        { queue: undefined, name: 'maxJobs', limit: 200, used: 38, usersAtLimit: undefined },
        { queue: 'gpu', name: 'maxWaitingJobs', limit: 10, used: 10, usersAtLimit: undefined },
        { queue: 'gpu', name: 'maxJobsPerUser', limit: 8, used: 8, usersAtLimit: 1 },
      ],
    };

    expect(shown(Infinity, limited)).to.include(
      'Limits: 38 of 200 jobs (max_jobs).\n' +
        'Limits of queue gpu: 10 of 10 waiting jobs (max_waiting_jobs), 8 jobs per user, reached by 1 user (max_jobs_per_user).\n',
    );
    const { clusters } = statusDocument([limited]) as { clusters: readonly [{ readonly limits: readonly unknown[] }] };
    expect(clusters[0].limits).to.deep.equal([
      { queue: null, name: 'max_jobs', limit: 200, used: 38, usersAtLimit: null },
      { queue: 'gpu', name: 'max_waiting_jobs', limit: 10, used: 10, usersAtLimit: null },
      { queue: 'gpu', name: 'max_jobs_per_user', limit: 8, used: 8, usersAtLimit: 1 },
    ]);
  });
});

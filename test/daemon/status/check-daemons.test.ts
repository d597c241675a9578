// `status --check`: the state, the line and the performance data of Nagios, from what daemons wrote into their state directories.
import { expect } from 'chai';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HealthFacts } from '../../../src/daemon/monitor/decide-readiness.ts';
import { readHealthNote, reportHealth } from '../../../src/daemon/status/daemon-notes.ts';
import { checkClusters, type CheckedCluster } from '../../../src/daemon/status/check-daemons.ts';
import { waitUntil } from '../../support/wait-until.ts';

const NOW = 1_000_000_000;
const FACTS: HealthFacts = {
  cluster: undefined,
  phase: 'serving',
  startedAt: NOW - 3_600_000,
  pollMs: 15_000,
  clearmlOkAt: NOW - 1_000,
  slurmOkAt: NOW - 1_000,
  passOkAt: NOW - 4_000,
  passMs: 250,
  dueAt: NOW + 5_000,
  passError: undefined,
  journalError: undefined,
};
const WELL: CheckedCluster = {
  name: undefined,
  stateDir: '/state',
  holder: { pid: 7 },
  note: { pid: 7, at: NOW - 1_000, tracked: 38, facts: FACTS },
  draining: false,
  arePausesUnreadable: false,
};
const withFacts = (facts: Partial<HealthFacts>): CheckedCluster => ({
  ...WELL,
  note: { pid: 7, at: NOW, tracked: 38, facts: { ...FACTS, ...facts } },
});

describe('status --check', () => {
  it('reports OK while tasks are claimed, submitted and tracked, and includes performance data', () => {
    expect(checkClusters([WELL], NOW)).to.deep.equal({
      state: 'ok',
      line: 'OK: 38 tasks tracked, last poll 4 s ago | tracked=38 poll_age=4s;;180 pass=0.3s loop_lag=0s',
    });
  });

  for (const [what, cluster, state, text] of [
    [
      'no daemon runs',
      { ...WELL, holder: undefined },
      'critical',
      'CRITICAL: no daemon is running with state directory /state',
    ],
    [
      'a poll failed',
      withFacts({ passError: 'no response' }),
      'warning',
      'WARNING: The last poll failed: no response. | tracked=38 ',
    ],
    [
      'no poll has succeeded for four minutes',
      withFacts({ passOkAt: NOW - 240_000, passError: 'no | response\nat all' }),
      'critical',
      'CRITICAL: No poll has succeeded for 4 min: no response at all. | tracked=38 poll_age=240s;;180 ',
    ],
    [
      'the daemon started a minute ago and Slurm has not responded yet',
      withFacts({ phase: 'starting', startedAt: NOW - 60_000, passOkAt: undefined }),
      'warning',
      'WARNING: Slurm has not responded yet; no task is claimed. |',
    ],
    [
      'the daemon started an hour ago and Slurm has not responded yet',
      withFacts({ phase: 'starting', passOkAt: undefined }),
      'critical',
      'CRITICAL: Slurm has not responded yet; no task is claimed. |',
    ],
    [
      'the journal cannot be written',
      withFacts({ journalError: 'ENOSPC' }),
      'critical',
      'CRITICAL: The journal cannot be written: ENOSPC. |',
    ],
    [
      'the reconcile loop hangs',
      withFacts({ dueAt: NOW - 1_200_000 }),
      'critical',
      'CRITICAL: The reconcile loop has made no progress for 20 min: restart the daemon. |',
    ],
    [
      'the daemon has not written the health file for four minutes',
      { ...WELL, note: { pid: 7, at: NOW - 240_000, tracked: 38, facts: FACTS } },
      'critical',
      'CRITICAL: process 7 has not reported its health for 4 min |',
    ],
    [
      'a process other than the running daemon wrote the health file',
      { ...WELL, holder: { pid: 8 } },
      'unknown',
      'UNKNOWN: process 8 has not reported its health; is it an older version?',
    ],
    [
      'the daemon is draining',
      { ...WELL, draining: true },
      'warning',
      'WARNING: The daemon is draining: it claims no new tasks. |',
    ],
    [
      'the pause file cannot be read',
      { ...WELL, arePausesUnreadable: true },
      'warning',
      'WARNING: The pauses cannot be read, so no task is claimed.',
    ],
  ] as const satisfies readonly (readonly [string, CheckedCluster, string, string])[]) {
    it(`reports ${state.toUpperCase()} if ${what}`, () => {
      const result = checkClusters([cluster], NOW);

      expect(result.state).to.equal(state);
      expect(result.line.slice(0, text.length)).to.equal(text);
      expect(result.line).to.match(/^[^\n|]+(\| [^\n|]+)?$/);
    });
  }

  it('reports the worst state of two clusters, and names the cluster with this state', () => {
    const { state, line } = checkClusters(
      [
        { ...WELL, name: 'hpc1' },
        { ...WELL, name: 'hpc2', holder: undefined },
      ],
      NOW,
    );

    expect(state).to.equal('critical');
    expect(line).to.match(
      /^CRITICAL: cluster hpc2: no daemon is running with state directory \/state \| 'hpc1 tracked'=38 'hpc1 poll_age'=4s;;180 /,
    );
  });
});

describe('the health file of a daemon', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'health-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is written again after a change, and is ignored if malformed', async () => {
    let tracked = 1;
    const reporting = reportHealth(folder, () => ({ at: NOW, tracked, facts: FACTS }));
    const first = await waitUntil('the note', async () => (await readHealthNote(folder)) ?? false);
    await waitUntil('the change', async () => {
      tracked = 2;
      reporting.changed();
      return (await readHealthNote(folder))?.tracked === 2;
    });
    await reporting.stop();

    expect(first).to.deep.include({ pid: process.pid, at: NOW, tracked: 1 });
    expect(checkClusters([{ ...WELL, holder: { pid: process.pid }, note: first }], NOW).state).to.equal('ok');
    await writeFile(join(folder, 'health.json'), `${await readFile(join(folder, 'health.json'), 'utf8')}x`);
    expect(await readHealthNote(folder)).to.equal(undefined);
  });
});

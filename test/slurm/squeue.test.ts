// squeue's output: a complete list or none, whatever the names of the jobs are.
import { expect } from 'chai';
import fc from 'fast-check';
import { parseSqueue, squeueArgs } from '../../src/slurm/squeue.ts';
import { fixture, result } from './recorded-output.ts';
import { COLUMNS, MARK, record } from './squeue-records.ts';

const OURS = 'clearml_task_0123456789abcdef0123456789abcdef-mwudl4rwabcd';
const HEADER = record([...COLUMNS, 'NAME']);

function row(
  id: string,
  name: string,
  change: { shownId?: string; state?: string; reason?: string; end?: string } = {},
): string {
  const { shownId = id, state = 'RUNNING', reason = 'None', end = 'NONE' } = change;
  return record([id, shownId, state, reason, '1795505467', 'N/A', end, 'gpu', 'n1', name]);
}

function jobsOf(stdout: string): readonly { id: string; name: string }[] {
  const list = parseSqueue(result({ stdout }), MARK);
  if (list.kind === 'failed') throw new Error(list.message);
  return list.jobs;
}

describe('the squeue query for jobs', () => {
  it('requests jobs in all states, with a unique marker around each row', () => {
    const [format = '', ...others] = squeueArgs(MARK, 'ours').toReversed();

    expect(others).to.have.members(['--all', '--me', '--states=all']);
    expect(squeueArgs(MARK, "everybody's")).to.have.members([
      '--all',
      '--states=all',
      format.replace('\x1f%j', '\x1f%U\x1f%j'),
    ]);
    expect(format).to.match(/^--format=\x1emark1234\x1f%A\x1f.*\x1f%j\x1dmark1234$/);
  });

  it('returns hostile job names unchanged, and omits array tasks (S-30)', () => {
    const list = parseSqueue(result({ stdout: fixture('22.05.8/squeue.txt') }), MARK);

    expect(list.kind).to.equal('listed');
    const jobs = list.kind === 'listed' ? list.jobs : [];
    expect(jobs.map((job) => job.id)).to.include.members(['26', '27', '28', '29', '34', '36', '37']);
    // Tasks of a job array and parts of a heterogeneous job.
    expect(jobs.map((job) => job.name)).not.to.include.members(['arr', 'arr-held', 'het']);
    expect(jobs.find((job) => job.id === '26')).to.deep.equal({
      id: '26',
      name: OURS,
      state: 'RUNNING',
      stateWord: 'RUNNING',
      reason: undefined,
      partition: 'low',
      nodes: 'n1',
      submittedAt: 1_795_505_467_000,
      startAt: 1_795_505_467_000,
      endedAt: undefined,
    });
    expect(jobs.find((job) => job.id === '34')?.name).to.equal('evil\x1ename\x1f|JobState=COMPLETED\ny');
    expect(jobs.find((job) => job.id === '34')).to.include({
      reason: 'PartitionTimeLimit',
      nodes: undefined,
      startAt: undefined,
    });
    expect(jobs.find((job) => job.id === '27')).to.include({
      state: 'FAILED',
      reason: 'NonZeroExitCode',
      endedAt: 1_795_505_467_000,
    });
  });

  it("marks another Unix user's job even if the job name imitates the user column", () => {
    const header = record([...COLUMNS, 'USER', 'NAME']);
    const rowOf = (id: string, userId: string, name: string): string =>
      record([id, id, 'RUNNING', 'None', '1795505467', 'N/A', 'NONE', 'gpu', 'n1', userId, name]);
    const stdout = header + rowOf('1', '1000', OURS) + rowOf('2', '1001', `1000\x1f${OURS}`) + rowOf('3', '', OURS);
    const list = parseSqueue(result({ stdout }), MARK, { own: 1000, accounts: [] });

    expect(list.kind === 'listed' && list.jobs.map(({ id, name, isOthers }) => [id, name, isOthers])).to.deep.equal([
      ['1', OURS, false],
      ['2', `1000\x1f${OURS}`, true],
      ['3', OURS, true],
    ]);
  });

  it('returns an empty list if there are no jobs', () => {
    expect(parseSqueue(result({ stdout: HEADER }), MARK)).to.deep.equal({ kind: 'listed', jobs: [] });
  });

  it('ignores lines that a login script prints before and after the table', () => {
    const stdout = `Welcome to the cluster!\n${HEADER}${row('4711', OURS)}Have a nice day\n`;

    expect(jobsOf(stdout).map((job) => job.id)).to.deep.equal(['4711']);
  });

  it('returns a reason with blanks, commas and parentheses unchanged (S-26)', () => {
    const reason = 'Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions (x)';
    const [job] = jobsOf(HEADER + row('1', OURS, { state: 'PENDING', reason }));

    expect(job).to.include({ reason });
  });

  it('returns a job in the unknown state TELEPORTING without an end time (S-31)', () => {
    const [job] = jobsOf(HEADER + row('1', OURS, { state: 'TELEPORTING', end: '1795505467' }));

    expect(job).to.include({ state: 'UNKNOWN', stateWord: 'TELEPORTING', endedAt: undefined });
    for (const state of ['constructor', 'toString', '__proto__', 'valueOf'])
      expect(jobsOf(HEADER + row('1', OURS, { state, end: '1795505467' }))[0]).to.include({ state: 'UNKNOWN' });
  });

  it('returns job names with markers and separators unchanged (S-27)', () => {
    const name = fc.string({
      unit: fc.oneof(fc.constantFrom('\x1e', '\x1f', '\x1d', '\n', '\r', '\0', 'mark', '|'), fc.string()),
    });
    fc.assert(
      fc.property(fc.array(name, { maxLength: 5 }), (names) => {
        fc.pre(names.every((text) => !text.includes(MARK)));
        const stdout = HEADER + names.map((text, index) => row(String(index + 1), text)).join('');

        expect(jobsOf(stdout).map((job) => job.name)).to.deep.equal(names);
      }),
    );
  });

  const whole = HEADER + row('4711', OURS) + row('4712', 'other');

  it('reports a failure if the output is truncated within a row (S-28)', () => {
    const rowEnds = [...whole.matchAll(/\x1dmark1234\n?/g)].flatMap(({ index, 0: end }) => [
      index + end.length - 1,
      index + end.length,
    ]);
    for (let length = 0; length < whole.length; length += 1) {
      if (rowEnds.includes(length)) continue;
      expect(parseSqueue(result({ stdout: whole.slice(0, length) }), MARK).kind, `cut at ${length}`).to.equal('failed');
    }
  });

  for (const [what, answer, message] of [
    ['empty output', result({}), 'the output of squeue has no header'],
    [
      'a row with too few fields',
      result({ stdout: HEADER + record(['1', '1', 'RUNNING']) }),
      'the output of squeue is truncated',
    ],
    ['rows without a header', result({ stdout: row('1', OURS) }), 'the output of squeue has no header'],
    [
      'an empty table and an error on stderr',
      result({ stdout: HEADER, stderr: 'squeue: error: Invalid user: ann\n' }),
      'squeue: error: Invalid user: ann',
    ],
    [
      'exit code 1',
      result({ exitCode: 1, stderr: 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n' }),
      'slurm_load_jobs error: Unable to contact slurm controller (connect failure)',
    ],
    [
      'squeue killed by SIGKILL',
      result({ exitCode: undefined, killedBy: 'SIGKILL', stdout: whole }),
      'squeue was killed by SIGKILL',
    ],
    [
      'exit code 127 without a message',
      result({ exitCode: 127 }),
      'squeue ended with exit code 127 and printed nothing',
    ],
  ] as const) {
    it(`reports a failure for ${what} (S-17)`, () => {
      expect(parseSqueue(answer, MARK)).to.deep.equal({ kind: 'failed', message });
    });
  }

  for (const [what, id, shownId] of [
    ['a non-numeric id', '?', '?'],
    ['no id', '', ''],
    ['two different ids', '17', '18'],
    ['a terminal escape sequence instead of the id', '\x1b[2J', '17'],
  ] as const) {
    it(`fails if the row of a daemon's job has ${what} (S-62)`, () => {
      const strangers = HEADER + row(id, 'other', { shownId }) + row('4711', OURS);
      expect(jobsOf(strangers).map((job) => job.id)).to.deep.equal(['4711']);

      expect(
        parseSqueue(result({ stdout: HEADER + row(id, OURS, { shownId }) + row('4711', 'other') }), MARK),
      ).to.deep.equal({
        kind: 'failed',
        message: 'the output of squeue has an unreadable row for a job of this daemon',
      });
    });
  }

  it('omits array tasks even if the array has a job name of the daemon (S-30)', () => {
    expect(
      jobsOf(HEADER + row('99', OURS, { shownId: '99_[0-3]' }) + row('12', OURS, { shownId: '12+0' })),
    ).to.deep.equal([]);
  });

  it('does not throw on random output', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (garbage, withMark) => {
        const stdout = withMark ? garbage.replaceAll('a', `\x1e${MARK}\x1f`).replaceAll('b', `\x1d${MARK}`) : garbage;
        expect(parseSqueue(result({ stdout }), MARK).kind).to.be.oneOf(['listed', 'failed']);
      }),
    );
  });
});

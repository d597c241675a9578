// Tests where console lines are broken.
import { expect } from 'chai';
import fc from 'fast-check';
import { breakLines, CONSOLE_COLUMNS, truncateText } from '../../../src/daemon/console/write-to-console.ts';
import {
  describeOthersJob,
  describeRefusal,
  describeSlowStart,
  describeWait,
} from '../../../src/daemon/console/console-messages.ts';
import { describeEnd } from '../../../src/daemon/end/describe-end.ts';
import { JOB_STATES } from '../../../src/slurm/job-state.ts';
import { JOB_EXIT_CODES } from '../../../src/sbatch-template/job-script/job-exit-codes.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { fixture } from '../../slurm/recorded-output.ts';
import { jobOf, NOW, recordOf } from '../decide/observations.ts';

const SOON = NOW + 3_600_000;

/** Every message about a reason, state or exit code, with the longest values in it. */
const WORDINGS: readonly string[] = [
  ...fixture('reasons.txt')
    .trim()
    .split('\n')
    .map((reason) => describeWait(jobOf('PENDING', { reason, startAt: SOON }), NOW).text),
  ...Object.keys(JOB_STATES).map((state) => describeEnd(jobOf(state, { nodes: 'n[1-2]' }), recordOf())),
  ...Object.values(JOB_EXIT_CODES).map(
    ({ meaning, advice }) => `Slurm job 7 ended on n1 before the task started: ${meaning} ${advice}`,
  ),
  describeOthersJob('7' as JobId),
  describeRefusal('Invalid account or account/partition combination specified', 'gpu'),
  describeSlowStart(jobOf('RUNNING', { nodes: 'n1' }), 900_000),
];

describe('for the console, the daemon', () => {
  it('breaks each of its messages into lines of at most 110 columns without losing a word', () => {
    for (const text of WORDINGS) {
      const broken = breakLines(text);
      for (const line of broken.split('\n')) expect(line.length, line).to.be.at.most(CONSOLE_COLUMNS);
      expect(broken.replaceAll('\n  ', ' ')).to.equal(text);
    }
  });

  it("puts the reason why a job waits and the job's expected start on separate lines", () => {
    const { text } = describeWait(jobOf('PENDING', { reason: 'Resources', startAt: SOON }), NOW);
    const lines = breakLines(text).split('\n');
    expect(lines[0]).to.match(/^Slurm job 7 waits in partition debug: /);
    expect(lines.at(-1)).to.include('Slurm expects to start it around');
  });

  it('leaves a short message and a message of one long word unchanged', () => {
    for (const text of ['', 'short', 'a\nb\n', 'x'.repeat(300)]) expect(breakLines(text)).to.equal(text);
  });

  it('keeps all words of a random message in their order', () => {
    const words = fc.array(fc.string({ unit: fc.constantFrom('a', 'B', '.', 'é'), minLength: 1, maxLength: 130 }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(words, (given) => {
        const text = given.join(' ');
        const lines = breakLines(text).split('\n');
        expect(lines.join('\n').split(/\s+/)).to.deep.equal(text.split(/\s+/));
        for (const line of lines) if (line.trim().includes(' ')) expect(line.length).to.be.at.most(CONSOLE_COLUMNS + 2);
      }),
    );
  });

  // Quadratic memory once ended the daemon at one megabyte.
  for (const [what, text] of [
    ['words', 'a '.repeat(2_000_000)],
    ['sentences', 'Aa. '.repeat(250_000)],
  ] as const)
    it(`breaks megabytes of ${what} into lines in linear time`, () => {
      const widths = breakLines(text)
        .split('\n')
        .map((line) => line.length);
      expect(widths.filter((width) => width > CONSOLE_COLUMNS)).to.deep.equal([]);
    });

  it('truncates a message of 2 MB to less than 33 KB', () => {
    expect(truncateText('a '.repeat(1_000_000)).length).to.be.below(33_000);
    expect(truncateText('a '.repeat(8_192))).to.equal('a '.repeat(8_192));
  });

  it('keeps both words of a message with megabytes of blanks between them', () => {
    expect(breakLines(`a${' '.repeat(4_000_000)}b`)).to.match(/^a\s+b$/);
  });
});

// The end of a job's log, made fit for a task's console.
import { expect } from 'chai';
import fc from 'fast-check';
import { cleanLogTail } from '../../src/slurm/log-tail.ts';

describe('the tail of a log', () => {
  for (const [what, text, shown] of [
    ['keeps the last lines', 'a\nb\nc\nd\n', 'c\nd'],
    ['drops blank lines at the end', 'a\nb\n\n  \n', 'a\nb'],
    ['drops colors', '\x1b[1;31merror\x1b[0m: no space', 'error: no space'],
    ['drops window titles', '\x1b]0;title\x07text \x1b]8;;http://x\x1b\\link', 'text link'],
    ['keeps only what a progress bar showed last', ' 1%\r 50%\r100%\r\ndone\n', '100%\ndone'],
    ['reads lines that end as Windows ends them', 'a\r\nb\r\n', 'a\nb'],
    ['keeps tabs and other scripts', 'a\tü 日本\n', 'a\tü 日本'],
    ['drops characters that turn text around', 'a\u202eb\u2066c', 'abc'],
    ['drops bells and NULs', 'a\x07b\0c', 'abc'],
    ['shows nothing of nothing', '\n\n', ''],
  ] as const) {
    it(what, () => {
      expect(cleanLogTail(text, 2)).to.equal(shown);
    });
  }

  it('cuts lines that are data', () => {
    expect(cleanLogTail('x'.repeat(10_000), 2)).to.equal(`${'x'.repeat(499)}…`);
  });

  it('lets no control character through, whatever the log holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(5), (text, lines) => {
        const shown = cleanLogTail(text, lines + 1);
        expect(shown).not.to.match(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
        expect(shown.split('\n').length).to.be.at.most(lines + 1);
      }),
    );
  });
});

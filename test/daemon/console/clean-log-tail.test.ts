// The end of a job's log, cleaned for a task's console.
import { expect } from 'chai';
import fc from 'fast-check';
import { cleanLogTail } from '../../../src/daemon/console/log-lines.ts';

describe("the console filter for the end of a job's log", () => {
  for (const [what, text, shown] of [
    ['keeps only the last two lines if the limit is two', 'a\nb\nc\nd\n', 'c\nd'],
    ['removes blank lines at the end', 'a\nb\n\n  \n', 'a\nb'],
    ['removes colors', '\x1b[1;31merror\x1b[0m: no space', 'error: no space'],
    [
      'removes escape sequences that set a window title or a link',
      '\x1b]0;title\x07text \x1b]8;;http://x\x1b\\link',
      'text link',
    ],
    ['keeps only the last state of a progress bar', ' 1%\r 50%\r100%\r\ndone\n', '100%\ndone'],
    ['converts Windows line ends to Unix line ends', 'a\r\nb\r\n', 'a\nb'],
    ['keeps tabs and non-Latin letters', 'a\tü 日本\n', 'a\tü 日本'],
    ['removes Unicode characters that change the text direction', 'a\u202eb\u2066c', 'abc'],
    ['removes BEL and NUL characters', 'a\x07b\0c', 'abc'],
    ['returns nothing if all lines are blank', '\n\n', ''],
  ] as const) {
    it(what, () => {
      expect(cleanLogTail(text, 2)).to.equal(shown);
    });
  }

  it('truncates a line of 10,000 characters to 500', () => {
    expect(cleanLogTail('x'.repeat(10_000), 2)).to.equal(`${'x'.repeat(499)}…`);
  });

  it('removes all control characters from random text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(5), (text, lines) => {
        const shown = cleanLogTail(text, lines + 1);
        expect(shown).not.to.match(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
        expect(shown.split('\n').length).to.be.at.most(lines + 1);
      }),
    );
  });
});

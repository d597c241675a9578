// The end of a job's log, cleaned for a task's console.
import { expect } from 'chai';
import fc from 'fast-check';
import { cleanLogTail } from '../../../src/daemon/console/log-lines.ts';

describe("to show the end of a job's log, the daemon", () => {
  for (const [what, text, shown] of [
    ['keeps only the last lines', 'a\nb\nc\nd\n', 'c\nd'],
    ['removes blank lines at the end', 'a\nb\n\n  \n', 'a\nb'],
    ['removes colors', '\x1b[1;31merror\x1b[0m: no space', 'error: no space'],
    [
      'removes escape sequences that set the title of a window',
      '\x1b]0;title\x07text \x1b]8;;http://x\x1b\\link',
      'text link',
    ],
    ['keeps only the last state of a progress bar', ' 1%\r 50%\r100%\r\ndone\n', '100%\ndone'],
    ['accepts Windows line ends', 'a\r\nb\r\n', 'a\nb'],
    ['keeps tabs and non-Latin letters', 'a\tü 日本\n', 'a\tü 日本'],
    ['removes characters that reverse text', 'a\u202eb\u2066c', 'abc'],
    ['removes bells and NULs', 'a\x07b\0c', 'abc'],
    ['shows an empty text if all lines are blank', '\n\n', ''],
  ] as const) {
    it(what, () => {
      expect(cleanLogTail(text, 2)).to.equal(shown);
    });
  }

  it('truncates a very long line', () => {
    expect(cleanLogTail('x'.repeat(10_000), 2)).to.equal(`${'x'.repeat(499)}…`);
  });

  it('removes all control characters, whatever the log contains', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(5), (text, lines) => {
        const shown = cleanLogTail(text, lines + 1);
        expect(shown).not.to.match(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
        expect(shown.split('\n').length).to.be.at.most(lines + 1);
      }),
    );
  });
});

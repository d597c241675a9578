// The marks around output: the text between them is returned unchanged, and truncated output is recognized.
import { expect } from 'chai';
import fc from 'fast-check';
import { MARKS, mark, parseFrame } from '../../src/transport/output-frame.ts';

const NONCE = '6f1ed002ab5595859014ebf0';

/**
 * Any text, with what might be taken for marks more often than by chance. A function: fast-check takes a second to list all
 * characters.
 */
const anyText = (): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('[', ']', '[x end]', `[${NONCE}`, `${NONCE} exit 0`, '\n', 'exit 0]', `[${NONCE} exit ]`),
      ),
    )
    .map((parts) => parts.join(''))
    // Nobody can print a whole mark who does not know the nonce.
    .filter((text) => !/\[6f1ed002ab5595859014ebf0 (begin|exit \d+|end|no-)/.test(text));

function framed(text: string, end: string, before = '', after = ''): string {
  return `${before}${mark(NONCE, MARKS.begin)}\n${text}${mark(NONCE, end)}\n${after}`;
}

/** What the program printed, and what it left behind printed after its end. */
function exited(text: string, exitCode: number, late = ''): string {
  return `${text}${mark(NONCE, `${MARKS.exit} ${String(exitCode)}`)}\n${late}`;
}

describe("the parser of a persistent shell's output", () => {
  it('returns exactly the output of the command, whatever text surrounds the output', () => {
    const text = anyText();
    fc.assert(
      fc.property(text, text, text, text, fc.nat(255), (stdout, stderr, before, after, exitCode) => {
        const answer = parseFrame(
          NONCE,
          framed(exited(stdout, exitCode), MARKS.end, before, after),
          framed(exited(stderr, exitCode), MARKS.end, before, after),
        );

        expect(answer).to.deep.equal({ kind: 'ended', exitCode, stdout, stderr });
      }),
    );
  });

  it('reports truncated output if either stream ends before its end marker', () => {
    const whole = framed(exited('4711\n', 12, 'late'), MARKS.end);
    const needed = whole.lastIndexOf(']') + 1;
    for (let length = 0; length < needed; length += 1) {
      expect(parseFrame(NONCE, whole.slice(0, length), whole)).to.include({ kind: 'truncated' });
      expect(parseFrame(NONCE, whole, whole.slice(0, length))).to.include({ kind: 'truncated' });
    }
    expect(parseFrame(NONCE, whole.slice(0, needed), whole)).to.include({
      kind: 'ended',
      exitCode: 12,
      stdout: '4711\nlate',
    });
  });

  it('reports truncated output if the exit marker is missing', () => {
    const whole = framed(exited('4711\n', 0), MARKS.end);

    expect(parseFrame(NONCE, framed('4711\n', MARKS.end), whole)).to.include({ kind: 'truncated' });
    expect(parseFrame(NONCE, whole, framed('', MARKS.end))).to.include({ kind: 'truncated' });
  });

  it('reports whether a command with truncated output had begun', () => {
    expect(parseFrame(NONCE, 'Welcome\n', '')).to.deep.equal({
      kind: 'truncated',
      hasBegun: false,
      stdout: '',
      stderr: '',
    });
    expect(parseFrame(NONCE, `noise${mark(NONCE, 'begin')}\n47`, '')).to.include({ hasBegun: true, stdout: '47' });
  });

  it('reports that the command or its working directory was not found', () => {
    const missing = framed('/opt/bin:/bin', MARKS.noProgram);
    const nowhere = framed('/gone', MARKS.noFolder);

    expect(parseFrame(NONCE, missing, framed('', MARKS.noProgram))).to.deep.equal({
      kind: 'no program',
      searchPath: '/opt/bin:/bin',
    });
    expect(parseFrame(NONCE, nowhere, framed('', MARKS.noFolder))).to.deep.equal({
      kind: 'no folder',
      folder: '/gone',
    });
  });

  it('ignores the output of another command', () => {
    const other = framed(exited('4711\n', 0), MARKS.end).replaceAll(NONCE, 'another');

    expect(parseFrame(NONCE, other, other)).to.include({ kind: 'truncated', hasBegun: false });
  });
});

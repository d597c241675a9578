// Lines of a file with text from others: each stays one line.
import { expect } from 'chai';
import fc from 'fast-check';
import { joinLines } from '../../src/base/safe-lines.ts';

describe('joinLines', () => {
  it('writes each text as one line, whatever it contains', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', '\n', '\r', '\u2028', '\x85', '#', ' ') })),
        (lines) => {
          expect(joinLines(lines).split(/\r\n|[\n\r\u2028\u2029\x85]/)).to.have.length(lines.length + 1);
        },
      ),
    );
  });

  it('escapes a newline in a queue name inside a comment', () => {
    expect(joinLines(['# There is no queue "a\n  slurm_bin_dir: /tmp"', 'b'])).to.equal(
      '# There is no queue "a\\u000a  slurm_bin_dir: /tmp"\nb\n',
    );
  });
});

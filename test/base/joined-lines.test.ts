// Lines of a file that hold what a stranger said: as many lines as were written, and no more.
import { expect } from 'chai';
import fc from 'fast-check';
import { joinLines } from '../../src/base/joined-lines.ts';

describe('lines of a file that we write', () => {
  it('stay one line each, whatever stands in them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', '\n', '\r', '\u2028', '\x85', '#', ' ') })),
        (lines) => {
          expect(joinLines(lines).split(/\r\n|[\n\r\u2028\u2029\x85]/)).to.have.length(lines.length + 1);
        },
      ),
    );
  });

  it('show a newline that a queue has in its name, behind the comment in which it stands', () => {
    expect(joinLines(['# There is no queue "a\n  slurm_bin_dir: /tmp"', 'b'])).to.equal(
      '# There is no queue "a\\u000a  slurm_bin_dir: /tmp"\nb\n',
    );
  });
});

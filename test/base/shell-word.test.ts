// Quoting a value as one shell word.
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { NulInWordError, quoteWord, splitWords } from '../../src/base/shell-word.ts';

describe('a text that is quoted for a shell', () => {
  for (const shell of ['bash', 'sh']) {
    it(`is read unchanged by ${shell}`, () => {
      const values = fc.sample(
        fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replaceAll('\0', '').toWellFormed()),
        { numRuns: 500, seed: 1 },
      );
      const hostile = ['', "'", '"', '$(exit 3)', '`exit 3`', '\\', '--option', '*', '~', '#', 'a\nb', '!!', '💥'];
      const words = [...hostile, ...values];

      const script = words.map((word) => `printf '%s\\0' ${quoteWord(word)}`).join('\n');

      expect(execFileSync(shell, { input: script }).toString().split('\0').slice(0, -1)).to.deep.equal(words);
    });
  }

  it('cannot contain a NUL byte', () => {
    expect(() => quoteWord('a\0b')).to.throw(NulInWordError);
  });

  it('is read unchanged by splitWords, the parser of this program', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!text.includes('\0'));
        expect(splitWords(quoteWord(text))).to.deep.equal([text]);
      }),
    );
  });
});

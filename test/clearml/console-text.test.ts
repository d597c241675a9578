// Splitting long console texts.
import { expect } from 'chai';
import fc from 'fast-check';
import { splitText } from '../../src/clearml/console-events.ts';

describe('a console text that is split into pieces', () => {
  it('stays in one piece if the text is within the limit', () => {
    expect(splitText('', 4)).to.deep.equal(['']);
    expect(splitText('abcd', 4)).to.deep.equal(['abcd']);
  });

  it('is split after the last newline that fits', () => {
    expect(splitText('ab\ncd\nefgh', 8)).to.deep.equal(['ab\ncd\n', 'efgh']);
  });

  it('is split inside a long line, but not inside a character', () => {
    expect(splitText('aé€x', 4)).to.deep.equal(['aé', '€x']);
  });

  it('equals the concatenation of its pieces, each within the limit', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', '€', '😀', '\n', ' '), maxLength: 200 });
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 40 }), (whole, maxBytes) => {
        const pieces = splitText(whole, maxBytes);

        expect(pieces.join('')).to.equal(whole);
        for (const piece of pieces) expect(Buffer.byteLength(piece)).to.be.at.most(maxBytes);
      }),
    );
  });
});

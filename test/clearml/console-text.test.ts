// Splitting long console texts.
import { expect } from 'chai';
import fc from 'fast-check';
import { splitText } from '../../src/clearml/console-events.ts';

describe('the division of a console text into pieces', () => {
  it('returns one piece if the text is within the limit', () => {
    expect(splitText('', 4)).to.deep.equal(['']);
    expect(splitText('abcd', 4)).to.deep.equal(['abcd']);
  });

  it('ends a piece after the last newline that fits', () => {
    expect(splitText('ab\ncd\nefgh', 8)).to.deep.equal(['ab\ncd\n', 'efgh']);
  });

  it('ends a piece inside a long line, but not inside a character', () => {
    expect(splitText('aé€x', 4)).to.deep.equal(['aé', '€x']);
  });

  it('returns pieces within the limit that together equal the text', () => {
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

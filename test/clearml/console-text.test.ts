// Splitting long console texts.
import { expect } from 'chai';
import fc from 'fast-check';
import { splitText } from '../../src/clearml/console-events.ts';

describe('the splitting of a console text', () => {
  it('leaves a text within the limit unchanged', () => {
    expect(splitText('', 4)).to.deep.equal(['']);
    expect(splitText('abcd', 4)).to.deep.equal(['abcd']);
  });

  it('splits after the last newline that fits', () => {
    expect(splitText('ab\ncd\nefgh', 8)).to.deep.equal(['ab\ncd\n', 'efgh']);
  });

  it('splits a long line between two characters', () => {
    expect(splitText('aé€x', 4)).to.deep.equal(['aé', '€x']);
  });

  it('returns pieces within the size limit whose concatenation is the text', () => {
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

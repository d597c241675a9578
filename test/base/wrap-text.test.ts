// A text in lines: nothing is lost, no line is too long but for a single word.
import { expect } from 'chai';
import { wrapText } from '../../src/base/wrap-text.ts';

describe('a text that is wrapped', () => {
  it('is broken between words, each line with its indent', () => {
    expect(wrapText('one two three four', { indent: '  ', width: 10 })).to.equal('  one two\n  three\n  four\n');
    expect(wrapText('exactly ten', { width: 11 })).to.equal('exactly ten\n');
  });

  it('leaves a word whole that is longer than a line', () => {
    expect(wrapText('a /very/long/path here', { width: 8 })).to.equal('a\n/very/long/path\nhere\n');
    expect(wrapText('', { width: 8 })).to.equal('\n');
  });
});

// Wrapped text: nothing is lost, and only a single word makes a line too long.
import { expect } from 'chai';
import { wrapLines, wrapText } from '../../src/base/wrap-text.ts';

describe('wrapped text', () => {
  it('is broken between words, each line with its indent', () => {
    expect(wrapText('one two three four', { indent: '  ', width: 10 })).to.equal('  one two\n  three\n  four\n');
    expect(wrapText('exactly ten', { width: 11 })).to.equal('exactly ten\n');
  });

  it('keeps a word whole that is longer than a line', () => {
    expect(wrapText('a /very/long/path here', { width: 8 })).to.equal('a\n/very/long/path\nhere\n');
    expect(wrapText('', { width: 8 })).to.equal('\n');
  });

  it('counts columns: a wide character takes two, a color none', () => {
    expect(wrapText('学習 学習 ab', { width: 9 })).to.equal('学習 学習\nab\n');
    expect(wrapText('👩‍🚀 👩‍🚀 ab', { width: 5 })).to.equal('👩‍🚀 👩‍🚀\nab\n');
    expect(wrapText('\x1b[31mred\x1b[0m and', { width: 7 })).to.equal('\x1b[31mred\x1b[0m and\n');
  });
});

describe('lines for a terminal', () => {
  it('are broken between words if they are too wide', () => {
    expect(wrapLines('one two three\nfour\n', 8)).to.equal('one two\nthree\nfour\n');
    expect(wrapText('one two three', { width: Infinity })).to.equal('one two three\n');
  });

  it('that are indented stay whole, so that they can be copied', () => {
    expect(wrapLines('Type this:\n  program --with many --words\n', 10)).to.equal(
      'Type this:\n  program --with many --words\n',
    );
  });
});

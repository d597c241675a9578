// Wrapped text: nothing is lost, and only a single word makes a line too long.
import { expect } from 'chai';
import { wrapLines, wrapText } from '../../src/base/wrap-text.ts';

describe('the wrapping of a paragraph', () => {
  it('breaks lines between words, and indents each line', () => {
    expect(wrapText('one two three four', { indent: '  ', width: 10 })).to.equal('  one two\n  three\n  four\n');
    expect(wrapText('exactly ten', { width: 11 })).to.equal('exactly ten\n');
  });

  it('does not break a word that is longer than a line', () => {
    expect(wrapText('a /very/long/path here', { width: 8 })).to.equal('a\n/very/long/path\nhere\n');
    expect(wrapText('', { width: 8 })).to.equal('\n');
  });

  it('counts two columns for a wide character and none for a color', () => {
    expect(wrapText('学習 学習 ab', { width: 9 })).to.equal('学習 学習\nab\n');
    expect(wrapText('👩‍🚀 👩‍🚀 ab', { width: 5 })).to.equal('👩‍🚀 👩‍🚀\nab\n');
    expect(wrapText('\x1b[31mred\x1b[0m and', { width: 7 })).to.equal('\x1b[31mred\x1b[0m and\n');
  });
});

describe('the wrapping of a text with several lines', () => {
  it('breaks a line that is too wide between two words', () => {
    expect(wrapLines('one two three\nfour\n', 8)).to.equal('one two\nthree\nfour\n');
    expect(wrapText('one two three', { width: Infinity })).to.equal('one two three\n');
  });

  it('does not break an indented line, which may be a command to copy', () => {
    expect(wrapLines('Type this:\n  program --with many --words\n', 10)).to.equal(
      'Type this:\n  program --with many --words\n',
    );
  });
});

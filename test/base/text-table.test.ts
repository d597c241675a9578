// Tables: columns are aligned whatever they contain, and the last one fits the terminal.
import { expect } from 'chai';
import { textTable } from '../../src/base/text-table.ts';
import { cutToWidth } from '../../src/base/wrap-text.ts';

const HEAD = ['NAME', 'WHY'];
const LONG = 'one two three four five six seven eight nine ten eleven twelve';

describe('a text table', () => {
  it('aligns its columns, even with wide and composed characters', () => {
    expect(
      textTable(HEAD, [
        ['学習', 'a'],
        ['👩‍🚀', 'b'],
        ['\x1b[32mred\x1b[39m', 'c'],
      ]),
    ).to.equal('NAME  WHY\n学習  a\n👩‍🚀    b\n\x1b[32mred\x1b[39m   c\n');
  });

  it('has one line for each row if the width of the terminal is unknown', () => {
    expect(textTable(HEAD, [['a', LONG]])).to.equal(`NAME  WHY\na     ${LONG}\n`);
  });

  it('can have 200,000 rows', () => {
    const rows = Array.from({ length: 200_000 }, (_, index) => [String(index), 'x']);
    expect(textTable(HEAD, rows).split('\n').at(-2)).to.equal('199999  x');
  });

  it('wraps its last column if the terminal has 50 columns', () => {
    expect(textTable(HEAD, [['a', LONG]], 50)).to.equal(
      'NAME  WHY\na     one two three four five six seven eight nine\n      ten eleven twelve\n',
    );
  });

  it('shows the last column below the row if the terminal has only 30 columns', () => {
    expect(
      textTable(
        HEAD,
        [
          ['a', LONG],
          ['b', 'short'],
          ['c', ''],
        ],
        30,
      ),
    ).to.equal(
      'NAME  WHY\na\n    one two three four five\n    six seven eight nine ten\n    eleven twelve\nb     short\nc\n',
    );
    expect(textTable(HEAD, [['a', '/a/path/'.repeat(8)]], 60)).to.equal(`NAME  WHY\na\n    ${'/a/path/'.repeat(8)}\n`);
  });
});

describe('a text that is truncated to a width', () => {
  it('fits into the width and ends with a whole character', () => {
    expect(cutToWidth('abcdef', 6)).to.equal('abcdef');
    expect(cutToWidth('abcdefg', 6)).to.equal('abcde…');
    expect(cutToWidth('学習タスク', 6)).to.equal('学習…');
    expect(cutToWidth('👩‍🚀👩‍🚀👩‍🚀', 4)).to.equal('👩‍🚀…');
    expect(cutToWidth('e\u0301'.repeat(5), 3)).to.equal('e\u0301e\u0301…');
  });
});

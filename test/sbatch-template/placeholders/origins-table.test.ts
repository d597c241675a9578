// The table of `render --origins`.
import { expect } from 'chai';
import { formatOrigins } from '../../../src/sbatch-template/placeholders/origins-table.ts';

/** JSON in which every character that is invisible is escaped. */
function visible(value: string): string {
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replaceAll(/[\p{Cc}\p{Cf}]/gu, escaped);
}

describe('the table of `render --origins`', () => {
  it('has one row for each placeholder, with aligned columns', () => {
    const table = formatOrigins([
      { line: 3, column: 1, variable: 'CLEARML_TASK.id', value: 'abc', origin: 'task' },
      { line: 12, column: 1, variable: 'CLEARML_TASK.hyperparams.properties.n.value', value: '1', origin: 'default' },
      { line: 13, column: 1, variable: 'CLEARML_QUEUE_NAME', value: 'gpu queue', origin: 'glue' },
    ]);

    expect(table).to.equal(
      [
        'LINE  VARIABLE                                     ORIGIN   VALUE',
        '3     CLEARML_TASK.id                              task     abc',
        '12    CLEARML_TASK.hyperparams.properties.n.value  default  1',
        '13    CLEARML_QUEUE_NAME                           glue     gpu queue',
        '',
      ].join('\n'),
    );
  });

  for (const value of [
    '',
    ' a',
    'a ',
    'a\n12  CLEARML_TASK.id  task  fake',
    '\u001b[2J',
    'a"b',
    '\u202eabc',
    '\u007f',
  ]) {
    it(`prints the value ${visible(value)} in quotes`, () => {
      const row = formatOrigins([{ line: 1, column: 1, variable: 'V', value, origin: 'task' }])
        .split('\n')
        .slice(1, -1);

      expect(row).to.have.length(1);
      expect(row[0]).to.match(/^1 {5}V {9}task {4}".*"$/);
      expect(row[0]).not.to.match(/[\p{Cc}\p{Cf}]/u);
    });
  }

  it('has only the header if the template has no placeholder', () => {
    expect(formatOrigins([])).to.equal('LINE  VARIABLE  ORIGIN  VALUE\n');
  });
});

// Renders a value directly before and after every kind of text, in real shells: it extends, closes and escapes nothing.
import { expect } from 'chai';
import { parseTemplate } from '../../src/sbatch-template/parse-template.ts';
import { runInShell, SHELLS } from './run-in-bash.ts';
import { noBlocks, errorOf, property, renderBody, withBody, withProperties } from './template-fixtures.ts';

/** Texts beside a placeholder, and their meaning; `bare` if they have one only outside quotes. */
const BESIDE: readonly (readonly [text: string, meant: string])[] = [
  ['', ''],
  ['$USERX', ''],
  ['$one', '1'],
  ['${one}', '1'],
  ['$1', 'first'],
  ['$#', '2'],
  ['$?', '0'],
  ['$one$one', '11'],
  ['a$one', 'a1'],
  ['$(printf c)', 'c'],
  ['$((1 + 1))', '2'],
  ['${unset:-d}', 'd'],
  ['a', 'a'],
  ['7', '7'],
  ['_', '_'],
  ['/', '/'],
  ['=', '='],
  [':', ':'],
  ['-', '-'],
  [',', ','],
  ['.', '.'],
  ['@', '@'],
  ['%', '%'],
  ['+', '+'],
  ['^', '^'],
  ['~', '~'],
  ['*', '*'],
  ['?', '?'],
  ['[', '['],
  [']', ']'],
  ['!', '!'],
  ['{', '{'],
  ['}', '}'],
  ['\\\\', '\\'],
  ['\\$', '$'],
  ['é', 'é'],
];

/** Values of every class of first and last character. */
const VALUES = [
  'ISEMPTY',
  '0',
  '_x',
  'root',
  'a,b',
  '1..3',
  '[0]',
  '(x)',
  '{x}',
  '$one',
  '`x`',
  '"',
  "'",
  '\\',
  '!',
  '#',
  ' ',
  '-n',
  '~',
  '*',
  'é',
  '',
];

const QUOTED_FORMS = [
  {
    name: 'outside quotes',
    write: (left: string, placeholder: string, right: string) => `show KEY ${left}${placeholder}${right}`,
  },
  {
    name: 'in double quotes',
    write: (left: string, placeholder: string, right: string) => `show KEY "${left}${placeholder}${right}"`,
  },
  {
    name: 'in an assignment',
    write: (left: string, placeholder: string, right: string) => `v=x${left}${placeholder}${right}\nshow KEY "\${v#x}"`,
  },
  {
    name: 'in the default of an expansion',
    write: (left: string, placeholder: string, right: string) => `show KEY "\${unset:-${left}${placeholder}${right}}"`,
  },
  {
    name: 'in a here-document',
    write: (left: string, placeholder: string, right: string) =>
      `IFS= read -r v <<END\n${left}${placeholder}${right}.\nEND\nshow KEY "\${v%.}"`,
  },
];

/** A brace ends a default. */
function isExpectedToRender(quoting: string, left: string, right: string): boolean {
  return quoting !== 'in the default of an expansion' || !/[}{]/.test(left + right);
}

/** A quarter of all pairs, and each text alone; with FUZZ_CASES all of them. */
function isChosen(first: number, second: number): boolean {
  return process.env['FUZZ_CASES'] !== undefined || first * second === 0 || (first + second) % 4 === 0;
}

const PRELUDE = 'set -f; one=1; set -- first second; unset unset USERX; ISEMPTY=pwned';

for (const shell of SHELLS) {
  describe(shell, () => {
    for (const { name, write } of QUOTED_FORMS) {
      it(`reads a user property ${name} unchanged if other text surrounds the property`, async () => {
        const cases = BESIDE.flatMap(([left, meantLeft], first) =>
          BESIDE.flatMap(([right, meantRight], second) => {
            // Each pair of texts gets one value, each single text all of them.
            const value = VALUES[(first + second) % VALUES.length] ?? '';
            return isExpectedToRender(name, left, right) && isChosen(first, second)
              ? [{ left, right, value, expected: meantLeft + value + meantRight }]
              : [];
          }),
        ).map((one, index) => ({ ...one, key: `key${index}` }));
        const bodies = cases.map(
          ({ left, right, key }) => `true\n${write(left, property(key), right).replaceAll('KEY', key)}`,
        );
        const task = withProperties(Object.fromEntries(cases.map(({ key, value }) => [key, value])));
        const { script } = parseTemplate(withBody([PRELUDE, ...bodies].join('\n')), 'beside.template').render(
          task,
          noBlocks,
        );

        const run = await runInShell(shell, script);

        const wrong = cases.filter(({ key, expected }) => run.shown.get(key)?.join(' ') !== expected);
        expect(
          wrong.map(
            ({ left, right, value, key, expected }) =>
              `${left}|${value}|${right}: ${run.shown.get(key)?.join(' ') ?? 'lost'}, not ${expected}`,
          ),
        ).to.deep.equal([]);
        expect(run.leftBehind).to.deep.equal([]);
      });
    }
  });
}

describe('the template renderer (X is the value of a user property)', () => {
  it('writes $USER directly before X as ${USER}', () => {
    expect(renderBody(`rm -rf "/scratch/$USER${property('x')}"`, 'ISEMPTY')).to.equal(
      'rm -rf "/scratch/${USER}ISEMPTY"',
    );
  });

  for (const body of [
    "bash -c 'rm -rf /s/$USER",
    'eval "rm \\$USER',
    "eval 'rm ~",
    'echo `rm /s/$USER',
    'ssh n1 rm "\\$1',
  ]) {
    const closer = /["'`]/.exec(body)?.[0] ?? '';
    it(`rejects any X that would extend the variable or user name before X: ${body}X${closer}`, () => {
      const problem = errorOf(() => renderBody(body.replace('\\\\', '\\') + property('x') + closer, 'plain'));

      expect(problem?.finding).to.match(/would become part of the name/);
    });
  }

  it('accepts X directly after $USER in double or in single quotes', () => {
    expect(renderBody(`eval "echo $USER${property('x')}"`, 'a')).to.equal('eval "echo ${USER}a"');
    expect(renderBody(`echo 'costs $USER${property('x')}'`, 'a')).to.equal("echo 'costs $USERa'");
  });
});

describe('the template renderer (X is the value of a user property)', () => {
  for (const [body, value, expected] of [
    ['rm -rf ~X/x', 'root', "rm -rf ~'root'/x"],
    ['echo {a,X}', 'b,c', "echo {a,'b,c'}"],
    ['for i in {1..X}; do :; done', '5', 'for i in {1..5}; do :; done'],
    ['ls *.X', 'tar', "ls *.'tar'"],
    ['env X', 'PATH=/x', "env 'PATH=/x'"],
    ["echo $'\\x4X'", '1', "echo $'\\x4''1'$''"],
  ] as const) {
    it(`renders X as plain text in a word that bash expands: ${body}`, () => {
      expect(renderBody(body.replace('X', property('x')), value)).to.equal(expected);
    });
  }
});

// Renders hostile values in every quoting context and runs real bash: the value arrives, and nothing else runs.
import { expect } from 'chai';
import fc from 'fast-check';
import { parseTemplate } from '../../src/sbatch-template/parse-template.ts';
import { runInBash } from './run-in-bash.ts';
import { noBlocks, property, withBody, withProperties } from './template-fixtures.ts';
import { hostileLine, hostileText } from './hostile-values.ts';
import { fuzzSeed } from '../support/fuzz-cases.ts';

interface PlaceCase {
  readonly name: string;
  /** Shows the value under the key; X stands for the placeholder, KEY for the key. */
  readonly body: string;
  /** The expected words; by default, the value alone. */
  readonly words?: (value: string) => readonly string[];
}

/** Contexts for a value of several lines. */
const TEXT_PLACES: readonly PlaceCase[] = [
  { name: 'an argument', body: 'show KEY X' },
  { name: 'an argument after an option', body: 'show KEY --name X', words: (value) => ['--name', value] },
  { name: 'an argument with text around it', body: 'show KEY a=X.b', words: (value) => [`a=${value}.b`] },
  { name: 'an argument between quoted texts', body: `show KEY 'a'X"b"`, words: (value) => [`a${value}b`] },
  { name: 'an argument on a continued line', body: 'show KEY \\\n  X' },
  { name: 'double quotes', body: 'show KEY "X"' },
  { name: 'double quotes among text', body: `show KEY "it's X \\" $((1+1))"`, words: (value) => [`it's ${value} " 2`] },
  { name: 'single quotes', body: "show KEY 'X'" },
  { name: 'single quotes among text', body: `show KEY 'a "X" \\'`, words: (value) => [`a "${value}" \\`] },
  { name: 'ANSI quotes', body: "show KEY $'a\\tX'", words: (value) => [`a\t${value}`] },
  { name: 'translated quotes', body: 'show KEY $"X"' },
  { name: 'an assignment', body: 'v=X\nshow KEY "$v"' },
  { name: 'an assignment before a command', body: `v=X bash -c 'show "$0" "$v"' KEY` },
  { name: 'an assignment to an element', body: 'a[1]=X\nshow KEY "${a[1]}"' },
  { name: 'an addition to a variable', body: 'v=a; v+=X\nshow KEY "$v"', words: (value) => [`a${value}`] },
  { name: 'export', body: `export v=X\nbash -c 'show "$0" "$v"' KEY` },
  { name: 'declare', body: 'declare -r KEY=X\nshow KEY "$KEY"' },
  { name: 'local', body: 'f() { local v=X; show KEY "$v"; }\nf' },
  { name: 'an array', body: 'a=(p X # it\'s a comment\n q)\nshow KEY "${a[@]}"', words: (value) => ['p', value, 'q'] },
  { name: 'a list to loop over', body: 'for v in p X; do show KEY "$v"; done' },
  { name: 'the word of case', body: 'case X in (*) show KEY X;; esac' },
  { name: 'a pattern of case', body: 'case "X" in a|X) show KEY X;; *) show KEY lost;; esac' },
  { name: 'a comparison', body: '[[ "X" == X && X != "X"b ]] && show KEY X' },
  { name: 'an expression to match', body: '[[ "a X"b =~ ^a.*X(.*)$ ]] && show KEY X' },
  { name: 'test', body: '[ X = "X" ] && show KEY X' },
  {
    name: 'a here-document',
    body: 'IFS= read -rd "" v <<END\na X b\nEND\nshow KEY "$v"',
    words: (value) => [`a ${value} b\n`],
  },
  {
    name: 'a quoted here-document',
    body: `IFS= read -rd '' v <<'END'\na X b\nEND\nshow KEY "$v"`,
    words: (value) => [`a ${value} b\n`],
  },
  {
    name: 'an indented here-document',
    body: 'IFS= read -rd "" v <<-END\n\tX\n\tEND\nshow KEY "$v"',
    words: (value) => [`${value}\n`],
  },
  { name: 'a here-string', body: 'IFS= read -rd "" v <<<X\nshow KEY "$v"', words: (value) => [`${value}\n`] },
  { name: 'a command substitution', body: 'v=$(printf %s. X)\nshow KEY "$v"', words: (value) => [`${value}.`] },
  {
    name: 'a command substitution in quotes',
    body: `show KEY "$(printf %s. 'X' "X" X)"`,
    words: (value) => [`${value}.${value}.${value}.`],
  },
  { name: 'a process substitution', body: 'IFS= read -rd "" v < <(printf %s X)\nshow KEY "$v"' },
  { name: 'the default of a variable', body: 'show KEY ${unset:-X}' },
  {
    name: 'the default of a variable among text',
    body: `show KEY a\${unset-'p q'X" "}b`,
    words: (value) => [`ap q${value} b`],
  },
  {
    name: 'the default of a variable in quotes',
    body: 'show KEY "a ${unset:-b X c} d"',
    words: (value) => [`a b ${value} c d`],
  },
  { name: 'a default in additional quotes', body: 'show KEY "${unset:-"X"}"' },
  { name: 'an alternative value in quotes', body: 'set=1; show KEY "${set:+X}"' },
  { name: 'a value assigned by default', body: 'unset v; : "${v:=X}"; show KEY "$v"' },
  {
    name: 'a default within a command in a default',
    body: 'show KEY "${unset:-$(printf %s. "${unset:-X}")}"',
    words: (value) => [`${value}.`],
  },
  { name: 'a pipeline', body: 'printf %s X | { IFS= read -rd "" v; show KEY "$v"; }' },
  { name: 'a subshell', body: '( show KEY X )' },
  { name: 'a group', body: '{ show KEY "X"; }' },
  { name: 'a function', body: 'f() {\n  show KEY "$1" X\n}\nf X', words: (value) => [value, value] },
  { name: 'a condition', body: 'if true; then show KEY X; else show KEY lost; fi' },
  { name: 'after a comment with a quote', body: `: # it's "\nshow KEY X` },
  {
    name: 'after a number sign that is none',
    body: 'a=(1 2); : ${#a[@]} $# a#b "#" \\#; show KEY X',
    words: (value) => [value],
  },
  { name: 'after arithmetic with a shift', body: ': $((1<<2)) $[1<<2]; (( 1<<2 )); show KEY X' },
  { name: 'after a double subshell', body: '( (:); : ); ((:) ); show KEY X' },
  { name: 'after a negated pattern', body: 'show KEY !(zz) X', words: (value) => ['!(zz)', value] },
  {
    name: 'after a negated pattern in a command substitution',
    body: 'v="$(: !(zz|"(") b; printf %s. "X")"\nshow KEY "$v"',
    words: (value) => [`${value}.`],
  },
  {
    name: 'after an array with a negated pattern in a command substitution',
    body: 'v="$(a=( !(zz) ); printf %s. "X")"\nshow KEY "$v"',
    words: (value) => [`${value}.`],
  },
  {
    name: 'after a redirection to a negated pattern in a command substitution',
    body: 'v="$(: 2> !(zz); rm "!(zz)"; printf %s. "X")"\nshow KEY "$v"',
    words: (value) => [`${value}.`],
  },
  {
    name: 'after ANSI quotes in a quoted expansion',
    body: `: "\${v//$'\\''/}" '}"'\nshow KEY "X" 'X'`,
    words: (value) => [value, value],
  },
  {
    name: 'after a subscript with parentheses in a command substitution',
    body: 'v="$(a=([(1) + 1]=")" [0]="X"); printf %s. "${a[0]}" "X")"\nshow KEY "$v"',
    words: (value) => [`${value}.${value}.`],
  },
  { name: 'arguments for another shell', body: `bash -c 'show "$@"' _ KEY X` },
];

/** Contexts for a value of one line: a second line would be lost there. */
const LINE_PLACES: readonly PlaceCase[] = [
  {
    name: 'a here-document in a command substitution',
    body: 'v="$(cat <<END\n"X"\nEND\n)"\nshow KEY "$v"',
    words: (value) => [`"${value}"`],
  },
  {
    name: 'a quoted here-document in a command substitution',
    body: `v="$(cat <<'END'\n)X'\nEND\n)"\nshow KEY "$v"`,
    words: (value) => [`)${value}'`],
  },
  {
    name: 'the end of a line in a quoted here-document',
    body: `IFS= read -rd '' v <<'END'\nX\nEND\nshow KEY "$v"`,
    words: (value) => [`${value}\n`],
  },
  {
    name: 'a command in a here-document',
    body: 'IFS= read -rd "" v <<END\n$(printf %s. X) "$(printf %s. "X")\nEND\nshow KEY "$v"',
    words: (value) => [`${value}. "${value}.\n`],
  },
  { name: 'a redirection', body: 'mkdir d; : > "d/x"X 2>/dev/null; rm -r d; show KEY X' },
  {
    name: 'double quotes around a variable and a value',
    body: 'v=1; show KEY "$v/X/${v}"',
    words: (value) => [`1/${value}/1`],
  },
  { name: 'two values in one word', body: 'show KEY X"X"', words: (value) => [value + value] },
];

/** One script with many pieces and values needs one start of bash instead of hundreds. */
async function checkArrival(places: readonly PlaceCase[], values: readonly string[], tail: string): Promise<void> {
  const cases = values.map((value, index) => ({
    value,
    place: places[index % places.length] ?? nowhere,
    key: `key${index}`,
  }));
  const bodies = cases.map(({ place, key }) => place.body.replaceAll('KEY', key).replaceAll('X', property(key, tail)));
  const task = withProperties(Object.fromEntries(cases.map(({ key, value }) => [key, value])));
  const { script } = parseTemplate(withBody(bodies.join('\n')), 'places.template').render(task, noBlocks);

  const run = await runInBash(script);

  for (const { place, key, value } of cases) {
    const expected = place.words?.(value) ?? [value];
    expect(run.shown.get(key), `${place.name}: ${JSON.stringify(value).slice(0, 200)}`).to.deep.equal(expected);
  }
  expect(run.leftBehind).to.deep.equal([]);
}

const nowhere: PlaceCase = { name: 'nowhere', body: '' };

/** The seed is in the title, so that a failure can be repeated. */
const seed = fuzzSeed(13);

describe(`bash (seed ${seed})`, () => {
  it('reads a rendered value unchanged in every quoting context', async () => {
    for (const values of batches(
      fc.sample(hostileText(), { numRuns: TEXT_PLACES.length * 24, seed }),
      TEXT_PLACES.length * 8,
    )) {
      await checkArrival(TEXT_PLACES, values, '|raw');
    }
  });

  it('reads a rendered value unchanged in contexts that allow only one line', async () => {
    for (const values of batches(fc.sample(hostileLine(), { numRuns: LINE_PLACES.length * 60, seed }), 300)) {
      await checkArrival(LINE_PLACES, values, '');
    }
  });
});

function batches<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

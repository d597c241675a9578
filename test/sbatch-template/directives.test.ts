// Values in `#SBATCH` lines, parsed as several generations of sbatch do.
import { expect } from 'chai';
import fc from 'fast-check';
import { parseTemplate } from '../../src/sbatch-template/parse-template.ts';
import { noBlocks, errorOf, property, withDirectives, withProperties } from './template-fixtures.ts';
import { hostileLine } from './hostile-values.ts';
import { GENERATIONS, parseDirectives } from './sbatch-model.ts';

const X = property('x');

function renderDirectives(value: string, ...lines: string[]): string {
  return parseTemplate(withDirectives(...lines), 'd.template').render(withProperties({ x: value }), noBlocks).script;
}

/** A line with a placeholder, and the words that sbatch must see. */
const LINES: readonly { readonly line: string; readonly words: (value: string) => readonly string[] }[] = [
  { line: `#SBATCH --comment=${X}`, words: (value) => [`--comment=${value}`] },
  { line: `#SBATCH --comment=${X} # as asked for`, words: (value) => [`--comment=${value}`] },
  { line: `#SBATCH --comment="${X}"`, words: (value) => [`--comment=${value}`] },
  { line: `#SBATCH --comment='a ${X}'`, words: (value) => [`--comment=a ${value}`] },
  { line: `#SBATCH "--comment=${X}" --mem=1`, words: (value) => [`--comment=${value}`, '--mem=1'] },
  { line: `#SBATCH --comment=a${X}b -n 1`, words: (value) => [`--comment=a${value}b`, '-n', '1'] },
  { line: `#SBATCH --comment=${X}${X}`, words: (value) => [`--comment=${value}${value}`] },
  { line: `#SBATCH --comment "a ${X}" --mem=1`, words: (value) => ['--comment', `a ${value}`, '--mem=1'] },
  { line: `#SBATCH -Ja${X}`, words: (value) => [`-Ja${value}`] },
  { line: `#SBATCH --comment=\\"${X}\\"`, words: (value) => [`--comment="${value}"`] },
];

describe('the template renderer for #SBATCH lines', () => {
  for (const generation of GENERATIONS) {
    it(`writes any value as one token for sbatch ${generation.name} (S-08)`, () => {
      const value = hostileLine().filter(
        (text) => !/(?:het|pack)?job(?:het|pack)?/i.test(text) || !generation.placeholdersAnywhere,
      );
      fc.assert(
        fc.property(fc.constantFrom(...LINES), value, ({ line, words }, text) => {
          const script = renderDirectives(text, '#SBATCH --first=1', line, '#SBATCH --last=1');
          expect(parseDirectives(script, generation)).to.deep.equal(['--first=1', ...words(text), '--last=1']);
        }),
        { numRuns: 3000 },
      );
    });

    it(`writes the value "my hetjob PackJob" as one token for sbatch ${generation.name}`, () => {
      const script = renderDirectives('my hetjob PackJob', `#SBATCH --comment=${X} --mem=1`);
      expect(parseDirectives(script, generation)).to.deep.equal(['--comment=my hetjob PackJob', '--mem=1']);
    });
  }

  it('rejects an empty value, or a value with a leading dash, in #SBATCH -J', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(`#SBATCH -J ${X}`, `#SBATCH -J "${X}"`, `#SBATCH -J '${X}'`),
        hostileLine(),
        (line, text) => {
          const problem = errorOf(() => renderDirectives(text, line));
          if (text === '') expect(problem?.finding).to.match(/the value is empty/);
          else if (text.startsWith('-')) expect(problem?.finding).to.match(/begins with a dash/);
          else {
            for (const generation of GENERATIONS.slice(1)) {
              expect(parseDirectives(renderDirectives(text, line), generation)).to.deep.equal(['-J', text]);
            }
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('adds no quotes to the value "2"', () => {
    const script = renderDirectives(
      '2',
      `#SBATCH --nodes=${X}`,
      `#SBATCH -p ${X}`,
      `#SBATCH --output=task-${X}-%j.log`,
    );
    expect(script).to.include('#SBATCH --nodes=2\n#SBATCH -p 2\n#SBATCH --output=task-2-%j.log\n');
  });

  it('accepts an empty value in "--comment=" but not in "-p"', () => {
    expect(renderDirectives('', `#SBATCH --comment=${X} --mem=1`)).to.include('#SBATCH --comment="" --mem=1\n');
    expect(errorOf(() => renderDirectives('', `#SBATCH -p${X} --mem=1`))?.message).to.match(
      /^d.template:2:9: the value is empty, so sbatch would use the next argument as the value/,
    );
  });

  for (const [line, value] of [
    [`#SBATCH ${X}`, '--uid=0'],
    [`#SBATCH ${X}=0`, '--uid'],
    [`#SBATCH "${X}id=0"`, '--u'],
    [`#SBATCH ${X}${X}uid=0`, '-'],
    [`#SBATCH --exclusive ${X}`, '-W'],
  ] as const) {
    it(`rejects a value that would become an option: "${value}" in ${line.replaceAll(X, '${…}')} (S-09)`, () => {
      expect(errorOf(() => renderDirectives(value, line))?.finding).to.match(/begins with a dash/);
    });
  }

  for (const line of [
    `#SBATCH --${X}=1`,
    `#SBATCH --com${X}ment=1`,
    `#SBATCH -${X}`,
    `#SBATCH -H${X}`,
    `#SBATCH -Hv${X}`,
  ]) {
    it(`rejects a placeholder in the name of an option: ${line.replaceAll(X, '${…}')}`, () => {
      expect(errorOf(() => parseTemplate(withDirectives(line), 'd.template'))?.finding).to.match(
        /a value must not choose the option/,
      );
    });
  }

  for (const [line, value] of [
    [`#SBATCH --gres=${X}`, 'help'],
    [`#SBATCH --gres ${X}`, 'LIST'],
    [`#SBATCH --gres="li${X}"`, 'st'],
    [`#SBATCH --hint=${X}`, 'help,compute_bound'],
    [`#SBATCH --hint=memory_bound,${X}`, 'Help'],
    [`#SBATCH --mem-b=${X}`, 'verbose,help'],
    [`#SBATCH --hint ${X}`, 'help'],
    [`#SBATCH --mem-bind ${X}`, 'help'],
  ] as const) {
    it(`rejects a value that makes sbatch only print help: "${value}" in ${line.replaceAll(X, '${…}')}`, () => {
      const problem = errorOf(() => renderDirectives(value, line));
      expect(problem?.finding).to.match(
        /^with the value ".*" of --[a-z-]+, sbatch prints a help text and submits nothing: change the user property "x"$/,
      );
    });
  }

  for (const [line, value] of [
    [`#SBATCH --nodelist=${X}`, '/dev/zero'],
    [`#SBATCH --${'nodelist'.slice(0, 5)} ${X}`, './pipe'],
    [`#SBATCH -w${X}`, 'n1,/etc/hosts'],
    [`#SBATCH -x ${X}`, '/dev/zero'],
    [`#SBATCH --exclude=n[1-4],${X}`, '/etc/hosts'],
    [`#SBATCH --exclude=/shared/lists/${X}`, '../../dev/zero'],
    [`#SBATCH -F ${X}`, '/dev/zero'],
    [`#SBATCH --export-file=${X}`, '/etc/hosts'],
  ] as const)
    it(`rejects a value that sbatch would read as the path of a file: "${value}" in ${line.replaceAll(X, '${…}')}`, () => {
      expect(errorOf(() => renderDirectives(value, line))?.finding).to.match(
        /, and with a slash in --[a-z-]+, sbatch reads a file of the login node: change the value$/,
      );
    });

  for (const [line, value] of [
    [`#SBATCH --nodelist=${X}`, 'n[0-9999][0-9999][0-9999]'],
    [`#SBATCH --${'nodelist'.slice(0, 5)} ${X}`, 'n1,n[0-99999999],m'],
    [`#SBATCH -x ${X}`, 'n[0-9999][1,2, +0-9999x]'],
    [`#SBATCH --exclude=n[1-${X}]`, '99999'],
    [`#SBATCH --exclude=${X}[0-9999]`, 'n[1-99]'],
    [`#SBATCH -w${X}`, 'n,'.repeat(70_000)],
  ] as const)
    it(`rejects a value that names more than 65533 nodes: "${value.length > 30 ? `${value.slice(0, 30)}…` : value}" in ${line.replaceAll(X, '${…}')}`, () => {
      expect(errorOf(() => renderDirectives(value, line))?.finding).to.match(
        /, --(?:node\w+|exclude) is ".*, which names more than 65533 nodes: change the value$/,
      );
    });

  for (const [line, value] of [
    [`#SBATCH --mem-bind=${X}`, 'map_mem:0*100000000'],
    [`#SBATCH --mem-bind map_mem:${X}`, '0*4000,1*4000'],
    [`#SBATCH --mem-b=map_mem:0*${X}`, '100000000'],
    [`#SBATCH --mem-bind=${X}`, `mask_mem:${'0x1,'.repeat(5000)}`],
  ] as const)
    it(`rejects a value that sbatch would expand for minutes: "${value.length > 30 ? `${value.slice(0, 30)}…` : value}" in ${line.replaceAll(X, '${…}')}`, () => {
      expect(errorOf(() => renderDirectives(value, line))?.finding).to.match(
        /, --mem-b\w* is ".*, which names more than 4096 NUMA domains: change the value$/,
      );
    });

  it('accepts the memory bindings local, map_mem and mask_mem of normal length', () => {
    for (const value of ['local', 'verbose,map_mem:0*128,1*128', 'mask_mem:0x3*16'])
      expect(renderDirectives(value, `#SBATCH --mem-bind=${X}`)).to.include('--mem-bind=');
  });

  for (const text of ['[', ' ', '1'])
    it(`takes less than a minute to check a node list that repeats ${JSON.stringify(text)} a million times`, () => {
      renderDirectives(`[${text.repeat(1_000_000)}`, `#SBATCH --nodelist=${X}`);
    }).timeout(60_000);

  for (const [line, value] of [
    [`#SBATCH --output=${X}jobs-%j.log`, 'het'],
    [`#SBATCH --comment="pack${X}"`, 'JOB'],
    [`#SBATCH --comment=${X}${X}`, 'jobHet'],
  ] as const)
    it(`rejects a value that creates the word hetjob or packjob: "${value}" in ${line.replaceAll(X, '${…}')}`, () => {
      expect(errorOf(() => renderDirectives(value, line))?.rule).to.equal('heterogeneous-job');
    });

  it('accepts a value if the template itself has the word hetjob before the placeholder', () => {
    expect(renderDirectives('a', `#SBATCH --output=/logs/hetjob/${X}.log`)).to.include('/logs/hetjob/a.log');
  });

  it('accepts a node list of a large cluster, such as n[0001-9999]', () => {
    for (const value of ['n1', 'n[0001-9999]', 'rack[1-9]n[01-99],login[1,3-4]', 'n[5-1]'])
      expect(renderDirectives(value, `#SBATCH --nodelist=${X}`)).to.include('--nodelist=');
  });

  it('accepts a file name in --exclude if the template contains the directory', () => {
    for (const [line, value] of [
      [`#SBATCH --export=DATA=${X}`, '/data/set'],
      [`#SBATCH --bb=${X}`, 'path=/data'],
      [`#SBATCH --exclude=/shared/lists/${X}`, 'broken'],
      [`#SBATCH --exclude=${property('missing', ':/shared/broken')}`, ''],
    ] as const)
      expect(errorOf(() => renderDirectives(value, line))).to.equal(undefined);
  });

  it('accepts the value "help" in options for which sbatch has no help text, such as --partition', () => {
    for (const [line, value] of [
      [`#SBATCH --gres=gpu:${X}`, 'help'],
      [`#SBATCH --comment=${X}`, 'help'],
      [`#SBATCH --hint=${X}`, 'list'],
      [`#SBATCH --partition=${X}`, 'help,list'],
    ] as const)
      expect(renderDirectives(value, line)).to.include(value);
  });

  for (const [what, value] of [
    ['a newline', 'a\n#SBATCH --uid=0'],
    ['a tab', 'a\tb'],
  ] as const) {
    it(`rejects a value with ${what} if the placeholder has |raw (S-09)`, () => {
      const problem = errorOf(() => renderDirectives(value, `#SBATCH --comment=${property('x', '|raw')}`));
      expect(problem?.message).to.match(/^d.template:2:19: .* contains a newline or a tab/);
    });
  }

  it('removes newlines from a value if the placeholder has no |raw', () => {
    expect(renderDirectives('a\r\n#SBATCH --uid=0\n', `#SBATCH --comment=${X}`)).to.include(
      '#SBATCH --comment="a#SBATCH --uid=0"\n',
    );
  });

  it('does not change a value that looks like a placeholder', () => {
    const script = renderDirectives('${CLEARML_TASK.id', `#SBATCH --comment=${X}`);
    expect(script).to.include('#SBATCH --comment="${CLEARML_TASK.id"\n');
  });

  it('does not render a placeholder in a comment after "#"', () => {
    const script = renderDirectives(
      'v',
      `#SBATCH --mem=1#${X}`,
      `#SBATCH --comment=\\#${X} # ${X} '`,
      `#SBATCH --comment="#"`,
    );
    expect(script).to.include(`#SBATCH --mem=1#${X}\n#SBATCH --comment=\\#v # ${X} '\n#SBATCH --comment="#"\n`);
  });
});

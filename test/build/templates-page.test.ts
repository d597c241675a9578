// The pages about templates: their generated tables are current, and templates.md names every block.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { BLOCKS } from '../../src/sbatch-template/placeholders/parse-placeholder.ts';
import { FILTER_NAMES } from '../../src/sbatch-template/placeholders/filters.ts';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import { fillReference, TEMPLATE_PAGES } from '../../build/docs/templates-page.ts';
import { REFUSED_OPTIONS } from '../../src/sbatch-template/directives/sbatch-options.ts';
import { PLAIN_NAMES, TREE_NAMES } from '../../src/sbatch-template/placeholders/variables.ts';

function readPage(name: string): string {
  return readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
}

for (const name of TEMPLATE_PAGES) {
  it(`docs/${name} equals the output of \`npm run docs\``, () => {
    const page = readPage(name);

    expect(page).to.equal(fillReference(page));
  });
}

describe('docs/templates.md', () => {
  const page = readPage('templates.md');

  for (const [what, words] of [
    ['template variable', [...PLAIN_NAMES, ...TREE_NAMES.map((name) => `${name}.…`)]],
    ['filter for a placeholder', FILTER_NAMES],
    ['block of a template', BLOCKS.map((name) => `\${${name}}`)],
    ['#SBATCH option that templates must not contain', REFUSED_OPTIONS.map(({ long }) => `--${long}`)],
    [
      'short #SBATCH option that templates must not contain',
      REFUSED_OPTIONS.flatMap(({ short }) => (short === undefined ? [] : [`-${short}`])),
    ],
  ] as const) {
    it(`names each ${what}`, () => {
      for (const word of words) expect(page, word).to.include(`\`${word}\``);
    });
  }
});

it('docs/job-script.md lists every exit code', () => {
  const page = readPage('job-script.md');

  for (const { code, meaning, advice } of Object.values(JOB_EXIT_CODES)) {
    expect(page).to.include(`| ${code} | ${meaning} | ${advice} |`);
  }
});

it('docs/template-safety.md shows how a value is rendered in each quoting context', () => {
  expect(readPage('template-safety.md')).to.include(
    "| unquoted | `echo ${CLEARML_TASK.name}` | `echo 'it'\"'\"'s $5'` |",
  );
});

describe('the generation of tables in a page', () => {
  it('replaces only the text between the markers', () => {
    const filled = fillReference('before\n<!-- table: filters -->\nTHE FORMER TABLE\n<!-- end of table -->\nafter\n');

    expect(filled).to.match(/^before\n<!-- table: filters -->\n\n\| filter \| effect \|\n/);
    expect(filled).to.match(/\n\n<!-- end of table -->\nafter\n$/);
    expect(filled).not.to.include('FORMER');
  });

  it('fails if a marker names an unknown table', () => {
    expect(() => fillReference('<!-- table: colors -->\n<!-- end of table -->')).to.throw(
      RangeError,
      'there is no table "colors"',
    );
  });
});

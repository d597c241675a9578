// docs/templates.md tells of everything that the tables of this room know.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { BLOCKS } from '../../src/template/blank-syntax.ts';
import { FILTER_NAMES } from '../../src/template/filters.ts';
import { REFUSED_OPTIONS } from '../../src/template/refused-directives.ts';
import { PLAIN_NAMES, TREE_NAMES } from '../../src/template/variables.ts';

const page = readFileSync(new URL('../../docs/templates.md', import.meta.url), 'utf8');

describe('the page about templates', () => {
  for (const [what, words] of [
    ['variable', [...PLAIN_NAMES, ...TREE_NAMES.map((name) => `${name}.…`)]],
    ['filter', FILTER_NAMES],
    ['block', BLOCKS.map((name) => `\${${name}}`)],
    ['refused option', REFUSED_OPTIONS.map(({ long }) => `--${long}`)],
    ['refused short option', REFUSED_OPTIONS.flatMap(({ short }) => (short === undefined ? [] : [`-${short}`]))],
  ] as const) {
    it(`names each ${what}`, () => {
      for (const word of words) expect(page, word).to.include(`\`${word}\``);
    });
  }
});

// The block writer has the same output as Mustache, for each of our templates and for the corner cases of the language.
import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { serialize } from 'node:v8';
import Mustache from 'mustache';
import { createBlockWriter } from '../../src/sbatch-template/job-script/render-blocks.ts';

const FOLDER = new URL('../../templates/', import.meta.url);

const NAMES = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.mustache'))
  .map((name) => name.slice(0, -'.mustache'.length));

function read(name: string): string {
  return readFileSync(new URL(`${name}.mustache`, FOLDER), 'utf8');
}

function readPartial(name: string): string {
  return read(`partials/${name}`);
}

const VIEWS = [
  {},
  {
    taskId: 'a',
    python: '{{not a tag}}',
    gateClosed: { code: 3 },
    exitCodes: [{ code: 1, meaning: 'x', advice: 'y' }],
  },
  { container: { image: 'i', options: ['a', 'b'], environment: [{ name: 'n', value: 'v' }] }, startsBySrun: true },
];

describe('the block writer (a small Mustache implementation)', () => {
  for (const name of NAMES) {
    it(`renders ${name} exactly as Mustache does`, () => {
      const writer = createBlockWriter();

      for (const view of [...VIEWS, ...VIEWS]) {
        const plain = Mustache.render(read(name), view, readPartial, { escape: String });

        expect(writer.render(read(name), view, readPartial, { escape: String })).to.equal(plain);
      }
    });
  }

  for (const [what, text] of [
    ['no tag', 'one\n\ntwo\n'],
    ['no newline at the end', 'one\ntwo {{a}}\nthree\nfour'],
    ['sections on separate lines', 'x\n  {{#list}}\n\n   - {{.}}\n  y\n  {{/list}}\nz\n{{^list}}\nnever\n{{/list}}\n'],
    ['several tags on a line', '{{a}}{{#list}} {{.}}{{/list}}\n\n\n{{a}} b\n'],
    ['an indented partial', 'x\n    {{> part}}\ny\n'],
    ['a comment', 'x\n{{! nothing }}\ny\n'],
  ] as const) {
    it(`renders a text with ${what} exactly as Mustache does`, () => {
      const view = { a: 'A', list: [1, 2] };
      const partials = { part: 'first\nsecond {{a}}\n\nthird\n' };

      expect(createBlockWriter().render(text, view, partials)).to.equal(Mustache.render(text, view, partials));
    });
  }

  it('renders each job template to a string that V8 stores with one byte per character', () => {
    const writer = createBlockWriter();
    const takesTwoBytes = (text: string): boolean => serialize(text).length >= 2 * text.length;

    expect(NAMES.filter((name) => takesTwoBytes(writer.render(read(name), VIEWS[1], readPartial)))).to.deep.equal([]);
  });

  it('does not confuse two texts that differ only in a line without a tag', () => {
    const writer = createBlockWriter();

    expect(['one\n{{a}}', 'two\n{{a}}', 'one\n{{a}}'].map((text) => writer.render(text, { a: 1 }))).to.deep.equal([
      'one\n1',
      'two\n1',
      'one\n1',
    ]);
  });
});

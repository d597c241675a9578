// The HOCON parser: the fixtures contain the results of the parser in clearml-agent 3.0.3.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { plainTree } from '../../../src/config/config-tree.ts';
import { readIncludedFile, readTextFile } from '../../../src/config/config-files.ts';
import { ConfigError } from '../../../src/config/errors.ts';
import { parseHocon } from '../../../src/config/hocon/parse-hocon.ts';
import { catchError } from '../catch-error.ts';

/** Texts, with what the agent's reader made of them. */
const Readings = z.array(z.tuple([z.string(), z.unknown()]));
/** Texts that the agent's reader refuses. */
const Refusals = z.array(z.string());

const ENVIRONMENT = { HOME: '/home/ada', SCRATCH: '/scratch', SITE_SECRET: 's3cret/value' };

function read(text: string): unknown {
  return plainTree(parseHocon('some.conf', text, { environment: ENVIRONMENT, readInclude: () => undefined }));
}

function fixturePath(name: string): string {
  return new URL(`../../fixtures/hocon/${name}`, import.meta.url).pathname;
}

function fixtureJson(name: string): unknown {
  return JSON.parse(readFileSync(fixturePath(name), 'utf8'));
}

describe('the HOCON parser', () => {
  for (const name of ['lab', 'site', 'dumped', 'merged']) {
    it(`reads ${name}.conf as clearml-agent does`, () => {
      const file = fixturePath(`${name}.conf`);

      const tree = parseHocon(file, readFileSync(file, 'utf8'), {
        environment: ENVIRONMENT,
        readInclude: (path, from) => readIncludedFile(path, from, readTextFile),
      });

      expect(plainTree(tree)).to.deep.equal(fixtureJson(`${name}.json`));
    });
  }

  it('reads more than 300 short texts as clearml-agent does', () => {
    const readings = Readings.parse(fixtureJson('agent-readings.json'));

    expect(readings.map(([text]) => [text, read(text)])).to.deep.equal(readings);
    expect(readings.length).to.be.greaterThan(300);
  });

  it('rejects the texts that clearml-agent rejects', () => {
    for (const text of Refusals.parse(fixtureJson('agent-refusals.json'))) {
      expect(() => read(text), JSON.stringify(text)).to.throw(ConfigError);
    }
  });

  describe('(unlike clearml-agent)', () => {
    const cases: readonly [what: string, text: string, value: unknown][] = [
      ['decodes an escaped letter', String.raw`a: "caf\u00e9 \/ \d"`, { a: String.raw`café / \d` }],
      ['keeps an empty text in a list', 'a: ["", x]', { a: ['', 'x'] }],
      ['keeps blanks between words', 'a: if true then null', { a: 'if true then null' }],
      ['keeps the spelling of a number inside a text', 'b: 1.10\na: x ${b} 007', { b: 1.1, a: 'x 1.10 007' }],
      ['keeps the spelling of a boolean inside a text', 'b: true\na: x${b}', { b: true, a: 'xtrue' }],
      ['reads "10m" at the end of the file as a text', 'a: 10m', { a: '10m' }],
      ['keeps all digits of a long number', 'a: 12345678901234567890', { a: '12345678901234567890' }],
      ['omits an undefined optional substitution from a list', 'a: [${?NO_SUCH}]', { a: [] }],
      ['creates a list when adding to a missing setting', 'a += x', { a: ['x'] }],
      ['keeps the other elements when adding to a list', 'a: [1]\na += 2\na += x', { a: [1, 2, 'x'] }],
      ['replaces a text by a group', 'a: 1\na: {b: 2}', { a: { b: 2 } }],
      ['merges a group with a substitution', 'a: ${b}\na.c: 1\nb: {d: 2}', { a: { d: 2, c: 1 }, b: { d: 2 } }],
      ['reads a quoted part inside a dotted key', 'a."b.c".d: 1', { a: { 'b.c': { d: 1 } } }],
      ['ignores a byte order mark', '\uFEFFa: 1', { a: 1 }],
      ['omits substitutions that refer only to each other', 'a: ${?b}\nb: ${?a}', {}],
    ];
    for (const [what, text, value] of cases) {
      it(what, () => expect(read(text)).to.deep.equal(value));
    }
  });

  it('treats "__proto__" and "constructor" as ordinary keys', () => {
    const tree = plainTree(
      parseHocon('some.conf', '"__proto__": {x: 1}, constructor: 2', { environment: {}, readInclude: () => undefined }),
    );

    expect(JSON.stringify(tree)).to.equal('{"__proto__":{"x":1},"constructor":2}');
    expect(Object.getPrototypeOf(tree)).to.equal(Object.prototype);
  });

  it('rejects "${toString}" as an undefined variable', () => {
    expect(() => read('a: ${toString}')).to.throw(ConfigError, 'toString');
  });

  it('records the position of each value, even in included files', () => {
    const tree = parseHocon('/etc/main.conf', 'a: 1\ninclude "sub.conf"\n\n  b.c:\n    [x,\n  y]\n', {
      environment: {},
      readInclude: () => ({ file: '/etc/sub.conf', text: '# note\n d: 2' }),
    });

    const [a, d, b] = [...tree.fields.values()];

    expect(a?.origin).to.deep.equal({ kind: 'file', file: '/etc/main.conf', line: 1, column: 1 });
    expect(d?.origin).to.deep.equal({ kind: 'file', file: '/etc/sub.conf', line: 2, column: 2 });
    expect(b?.origin).to.deep.equal({ kind: 'file', file: '/etc/main.conf', line: 4, column: 3 });
  });

  it('rejects files that include each other', () => {
    const files: Readonly<Record<string, string>> = { '/a.conf': 'include "b.conf"', '/b.conf': 'include "a.conf"' };

    const problem = catchError(ConfigError, () =>
      parseHocon('/a.conf', files['/a.conf'] ?? '', {
        environment: {},
        readInclude: (path) => ({ file: `/${path}`, text: files[`/${path}`] ?? '' }),
      }),
    );

    expect(problem.message).to.match(/^\/b\.conf:1:1: \/a\.conf includes itself/);
  });
});

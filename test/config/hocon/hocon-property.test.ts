// Properties of the HOCON reader that hold for any text.
import { expect } from 'chai';
import fc from 'fast-check';
import { nodeFrom, plainTree } from '../../../src/config/config-tree.ts';
import { ConfigError } from '../../../src/config/errors.ts';
import { parseHocon } from '../../../src/config/hocon/parse-hocon.ts';
import { processorMs } from '../../support/processor-time.ts';

function read(text: string): unknown {
  return plainTree(parseHocon('any.conf', text, { environment: { HOME: '/home/ada' }, readInclude: () => undefined }));
}

/** Either reads the text or says what is wrong with it. */
function readOrRefuse(text: string): void {
  try {
    read(text);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
  }
}

const TOKENS = [
  ...['a', 'b.c', '"d.e"', 'secret', 'include', 'true', 'null', '1', '-.5e3', '007', 'x y', '~/x', 'http://h:1/p'],
  ...['{', '}', '[', ']', ',', ':', '=', '+=', '\n', '\r\n', ' ', '\t', '# c\n', '//', '\\', '\\\n', '"', '"""'],
  ...['"s"', '"\\u00e9"', '${a}', '${?b.c}', '${HOME}', '${', '$', '@', 'a: ${a} x\n', 'a += [1]\n', 'b: {c: ${b}}\n'],
];

const anyJson = (): fc.Arbitrary<Record<string, fc.JsonValue>> =>
  fc
    .dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }))
    // `\b` and `\f` stay two characters, as for the agent: more people mean a regular expression or a Windows path.
    .filter((value) => !/(?<!\\)(?:\\\\)*\\[bf]/.test(JSON.stringify(value)))
    // Integers that JavaScript cannot represent exactly become texts.
    .filter((value) => !/\d{16}/.test(JSON.stringify(value)));

describe('the HOCON parser', () => {
  it('returns a value or throws ConfigError for random characters', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), readOrRefuse), { numRuns: 1000 });
  });

  it('returns a value or throws ConfigError for random pieces of HOCON', () => {
    const text = fc.array(fc.constantFrom(...TOKENS), { maxLength: 30 }).map((tokens) => tokens.join(''));

    fc.assert(fc.property(text, readOrRefuse), { numRuns: 5000 });
  });

  for (const [what, text] of [
    ['open brackets', '['.repeat(300_000)],
    ['open braces', 'a{'.repeat(300_000)],
    ['quotes', '"'.repeat(300_000)],
    ['backslashes', `a: ${'\\'.repeat(300_000)}`],
    ['blanks', `a: x${' '.repeat(300_000)}@`],
    ['digits', `a: ${'1'.repeat(300_000)}x`],
    ['unquoted text', `a: ${'x'.repeat(300_000)}@`],
    ['additions to one key', 'x { a += 1 }\n'.repeat(20_000)],
    ['a long chain of substitutions', Array.from({ length: 20_000 }, (_, n) => `a${n}: \${a${n + 1}}`).join('\n')],
    ['lists that grow in two groups', `x { ${'a += 1\n'.repeat(20_000)} }\n`.repeat(2)],
    ['names that sound secret', `a: ${'key'.repeat(100_000)} @`],
    ['words with dots', `a: ${'x.'.repeat(100_000)} @`],
    ['many keys', Array.from({ length: 20_000 }, (_, n) => `key${n}: ${n}`).join('\n')],
  ] as const) {
    it(`takes less than 5 seconds of processor time for a very long text: ${what}`, async () => {
      expect(await processorMs(() => readOrRefuse(text))).to.be.lessThan(5_000);
    });
  }

  it('reads JSON as JSON.parse does', () => {
    fc.assert(
      fc.property(anyJson(), (value) => {
        // JSON has no negative zero.
        const plain: unknown = JSON.parse(JSON.stringify(value));

        expect(read(JSON.stringify(value, null, 2))).to.deep.equal(plain);
        expect(read(JSON.stringify(value))).to.deep.equal(plain);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the conversion of JSON to a configuration tree and back', () => {
  it('preserves any JSON value', () => {
    fc.assert(
      fc.property(anyJson(), (value) => {
        const node = nodeFrom(value, { kind: 'default' });

        expect(node.kind === 'tree' ? plainTree(node) : undefined).to.deep.equal(value);
      }),
    );
  });
});

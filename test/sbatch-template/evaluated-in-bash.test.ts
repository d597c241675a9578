// Runs generated flows of values through variables in real bash: each value is refused, causes a warning, or does not run.
import { expect } from 'chai';
import fc from 'fast-check';
import { basename } from 'node:path';
import { quoteWord } from '../../src/base/shell-word.ts';
import { lintTemplate } from '../../src/lint/lint-template.ts';
import { runInShell, SHELLS } from './run-in-bash.ts';
import { SINKS } from './flow-sinks.ts';
import { errorOf, property, renderBody, withBody } from './template-fixtures.ts';
import { SOURCES, STEPS, VALUES } from './flow-sources.ts';

const CASES = Number(process.env['FUZZ_CASES'] ?? 200);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const CASES_IN_A_RUN = 100;

interface Case {
  readonly body: string;
  readonly value: string;
}

/** The same with unique names: a step from A to B is one from V0 to V1. */
const ways: fc.Arbitrary<Case> = fc
  .tuple(
    fc.constantFrom(...SOURCES),
    fc.array(fc.constantFrom(...STEPS), { maxLength: 3 }),
    fc.constantFrom(...SINKS),
    fc.constantFrom(...VALUES),
  )
  .map(([source, steps, end, value]) => {
    const lines = [
      renamed(source, { A: 'V0' }),
      ...steps.map((step, index) => renamed(step, { A: `V${index}`, B: `V${index + 1}` })),
      renamed(end, { B: `V${steps.length}` }),
    ];
    return { body: lines.join('\n'), value };
  });

function renamed(text: string, names: Readonly<Record<string, string>>): string {
  return text.replaceAll(/(?<![\w%-])[AB](?=\W|$)/g, (name) => names[name] ?? name);
}

/** undefined if the value is refused or lint warns of the flow. */
function scriptOf({ body, value }: Case): string | undefined {
  const written = body.replaceAll(/X(?!\d)/g, property('x'));
  const findings = lintTemplate('t', withBody(written)).findings.map(({ rule }) => rule);
  if (findings.includes('may-be-evaluated')) return undefined;
  let script: string | undefined;
  errorOf(() => {
    script = renderBody(written, value);
  });
  return script;
}

for (const shell of SHELLS.filter((name) => name.includes('bash'))) {
  describe(`${shell} (seed ${SEED}, ${CASES} cases)`, () => {
    it('never runs an accepted value as code if lint has no warning', async () => {
      const failures: string[] = [];
      let ran = 0;
      for (let from = 0; from < CASES; from += CASES_IN_A_RUN) {
        const numRuns = Math.min(CASES_IN_A_RUN, CASES - from);
        const scripts = fc.sample(ways, { numRuns, seed: SEED + from }).flatMap((one) => scriptOf(one) ?? []);
        ran += scripts.length;
        failures.push(...(await pwned(shell, scripts)));
      }

      expect(failures.length, failures.slice(0, 20).join('\n\n')).to.equal(0);
      // Most flows are refused or warned about; enough others must remain.
      expect(ran).to.be.greaterThan(CASES / 20);
    }).timeout(0);
  });
}

/** Those in which the value ran; each runs in a separate directory, where `bash` is the shell under test. */
async function pwned(shell: string, scripts: readonly string[]): Promise<string[]> {
  const runs = scripts.map(
    (script, index) =>
      `mkdir ${index}; ( cd ${index}; exec bash -c ${quoteWord(script)} < /dev/null > /dev/null 2>&1 )`,
  );
  const prologue = 'mkdir bin; ln -s "$BASH" bin/bash; export PATH=$PWD/bin:$PATH';
  const { leftBehind } = await runInShell(shell, [prologue, ...runs].join('\n'));
  const found = leftBehind.filter((path) => basename(path) === 'pwned').map((path) => Number(path.split('/')[0]));
  return [...new Set(found)].map((index) => scripts[index] ?? '');
}

// Renders hostile values deep in random scripts and runs real shells: the value arrives, and nothing else runs.
import { expect } from 'chai';
import fc from 'fast-check';
import { parseTemplate } from '../../src/sbatch-template/parse-template.ts';
import { isBash, runInShell, SHELLS } from './run-in-bash.ts';
import { noBlocks, property, withBody, withProperties } from './template-fixtures.ts';
import { hostileLine } from './hostile-values.ts';
import { PLACEHOLDER, nestedCommand } from './nested-script.ts';

/** For each shell; CONTRIBUTING.md explains how to run more. */
const CASES = Number(process.env['FUZZ_CASES'] ?? 200);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);

/** The scripts that one process runs: most of the time of a case is the start of a shell. */
const CASES_IN_A_RUN = 150;

interface Case {
  readonly key: string;
  readonly command: string;
  readonly value: string;
}

for (const shell of SHELLS) {
  describe(`${shell} (seed ${SEED}, ${CASES} cases)`, () => {
    it('never changes or runs a value in nested quotes and commands', async () => {
      const failures: string[] = [];
      for (let from = 0; from < CASES; from += CASES_IN_A_RUN) {
        const numRuns = Math.min(CASES_IN_A_RUN, CASES - from);
        const cases = fc
          .sample(fc.tuple(nestedCommand({ isPosix: !isBash(shell) }), hostileLine()), { numRuns, seed: SEED + from })
          .map(([command, value], index) => ({ command, value, key: `key${index}` }));
        // If a script with many cases fails, each case is run alone.
        if ((await failuresOf(shell, cases)).length === 0) continue;
        for (const one of cases) failures.push(...(await failuresOf(shell, [one])));
      }

      expect(failures.length, failures.slice(0, 20).join('\n\n')).to.equal(0);
    }).timeout(0);
  });
}

async function failuresOf(shell: string, cases: readonly Case[]): Promise<string[]> {
  const run = await runInShell(shell, cases.map(scriptOf).join('\n'));
  return cases.flatMap(({ key, command, value }) => {
    const arrived = run.shown.get(key)?.join('|');
    const canaries = run.leftBehind.length;
    if (arrived === `${value}.` && canaries === 0) return [];
    const what = canaries > 0 ? 'CANARY' : `arrived as ${JSON.stringify(arrived ?? null).slice(0, 200)}`;
    return [`${JSON.stringify(value).slice(0, 100)} ${what} in\n${command}\n${run.standardError.slice(0, 300)}`];
  });
}

/** In a separate shell, with a dot after it, so that neither variables nor line ends are shared. */
function scriptOf({ key, command, value }: Case): string {
  const body = `show ${key} "$( ${command.replaceAll(PLACEHOLDER, property('x'))}\nprintf .)"`;
  const { script } = parseTemplate(withBody(body), 'nested.template').render(withProperties({ x: value }), noBlocks);
  return script.split('\n').slice(2, -3).join('\n');
}

// Blanks deep in random scripts, filled with hostile values and run by the real bash: the value arrives, nothing else runs.
import { expect } from 'chai';
import fc from 'fast-check';
import { parseTemplate } from '../../src/template/parse-template.ts';
import { runInBash } from './bash-run.ts';
import { noBlocks, property, withBody, withProperties } from './filled-in.ts';
import { hostileLine } from './hostile-values.ts';
import { BLANK, nestedCommand } from './nested-script.ts';

const seed = Math.floor(Math.random() * 2 ** 31);

const CASES = 450;
const CASES_IN_A_RUN = 150;

/** In its own shell, with a dot behind it, so that neither variables nor ends of lines are shared. */
function asBody(command: string, key: string): string {
  return `show ${key} "$( ${command.replaceAll(BLANK, property(key))}\nprintf .)"`;
}

describe(`a value under many layers of a script (seed ${seed})`, () => {
  it('arrives as it is, and nothing in it is run', async () => {
    const samples = fc.sample(fc.tuple(nestedCommand, hostileLine), { numRuns: CASES, seed });
    for (let from = 0; from < samples.length; from += CASES_IN_A_RUN) {
      const cases = samples
        .slice(from, from + CASES_IN_A_RUN)
        .map(([command, value], index) => ({ command, value, key: `key${index}` }));
      const task = withProperties(Object.fromEntries(cases.map(({ key, value }) => [key, value])));
      const body = cases.map(({ command, key }) => asBody(command, key)).join('\n');
      const { script } = parseTemplate(withBody(body), 'nested.template').render(task, noBlocks);

      const run = await runInBash(script);

      for (const { command, key, value } of cases) {
        expect(run.shown.get(key), `${JSON.stringify(value).slice(0, 100)} in\n${command}`).to.deep.equal([
          `${value}.`,
        ]);
      }
      expect(run.leftBehind).to.deep.equal([]);
    }
  });
});

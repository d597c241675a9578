// The shipped code holds in every interleaving of each fault alone, and each rule of the protocol is needed.
import { join } from 'node:path';
import { expect } from 'chai';
import { loadProgram, type Program } from './program.ts';
import { REMOVED_RULES, withEdits } from './removed-rules.ts';
import { SINGLE_FAULTS } from './scenarios.ts';
import { formatFound, search } from './search.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** The states end a search. The time only keeps it below the limit of a test: on a busy machine, a search of 30 s has taken 300. */
const BOUNDS = { states: 300_000, seconds: 850 };

describe('the model checker', () => {
  let program: Program;

  before(async () => {
    program = await loadProgram(join(ROOT, 'src'));
  });

  for (const scenario of SINGLE_FAULTS) {
    it(`finds no counterexample in the scenario: ${scenario.title}`, async () => {
      const found = await search(program, scenario, BOUNDS);
      expect(found.result, formatFound(scenario, found)).to.equal('holds');
    });
  }

  for (const { rule, edits, withoutGate, scenario, breaks } of REMOVED_RULES) {
    it(`finds a counterexample if the code lacks the rule: ${rule}`, async () => {
      const lacking = { ...scenario, hasGate: withoutGate !== true };
      const found = await withEdits(ROOT, edits, (edited) => search(edited, lacking, BOUNDS));
      expect(found.result, formatFound(scenario, found)).to.equal('wrong');
      expect(found.what).to.match(breaks);
    });
  }
});

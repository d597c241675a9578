// Thousands of short stories with crashes, lost answers, dying nodes and a busy user: none may end badly.
import fc from 'fast-check';
import { FOUND } from './scenarios.ts';
import { anyScenario, formatScenario, playScenario, type Scenario } from './story.ts';

/** For a night: SIMULATION_RUNS=20000. */
const RUNS = Number(process.env['SIMULATION_RUNS'] ?? 250);

describe("whatever happens on a task's way", function () {
  this.timeout(RUNS * 2_000);

  for (const { title, most } of [
    {
      title: 'D-01 one daemon: nothing is lost, nothing runs twice, and every task comes to a good end',
      most: { events: 5, daemons: 1 },
    },
    { title: 'D-09 two daemons at once: the same', most: { events: 5, daemons: 2 } },
  ] as const) {
    it(title, async () => {
      const check = await fc.check(
        fc.asyncProperty(anyScenario(most), async (story) => (await playScenario(story)).verdict === undefined),
        { numRuns: RUNS },
      );
      if (check.counterexample !== null) await mustEndWell(check.counterexample[0]);
    });
  }

  describe('stories that once ended badly', () => {
    for (const { title, story } of FOUND) it(title, () => mustEndWell(story));
  });
});

async function mustEndWell(story: Scenario): Promise<void> {
  const told = await playScenario(story);
  if (told.verdict !== undefined) throw new Error(formatScenario(story, told));
}

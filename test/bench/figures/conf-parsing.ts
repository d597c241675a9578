// Measures parsing a clearml.conf of `clearml-agent init`, compared with pyhocon, the agent's parser, on the same text.
import { parseHocon } from '../../../src/config/hocon/parse-hocon.ts';
import { agentPython } from '../../support/skip-unless.ts';
import * as z from 'zod';
import type { Figure, Result } from '../figure.ts';
import { runToEnd } from '../run-to-end.ts';
import { median, middleHalf } from '../samples.ts';

const ROUNDS = 11;
const PYHOCON = 'test/bench/pyhocon-timing.py';

const Timing = z.object({ first: z.number(), later: z.array(z.number()) });
type Timing = z.infer<typeof Timing>;

export const confParsing: Figure = {
  name: 'conf-parsing',
  async measure({ say }) {
    const { stdout: text } = await runToEnd(agentPython(), [PYHOCON, 'text']);
    say(`${text.length} characters, ${ROUNDS} times each`);
    const pyhocon = Timing.parse(
      JSON.parse((await runToEnd(agentPython(), [PYHOCON, String(ROUNDS)], { stdin: text })).stdout),
    );
    const ours = timeOurs(text);
    return [
      // The first parse matters: a configuration is read once.
      compare('the first time', [ours.first], [pyhocon.first]),
      compare('again', ours.later, pyhocon.later),
    ];
  },
};

function timeOurs(text: string): Timing {
  const times = Array.from({ length: ROUNDS }, () => {
    const began = performance.now();
    parseHocon('clearml.conf', text, { environment: {}, readInclude: () => undefined });
    return performance.now() - began;
  });
  const [first = Number.NaN, ...later] = times;
  return { first, later };
}

function compare(what: string, oursMs: readonly number[], pyhoconMs: readonly number[]): Result {
  const perSecond = (ms: readonly number[]): number => 1000 / median(ms);
  const anchor = median(pyhoconMs);
  return {
    what: `files parsed, ${what}`,
    value: perSecond(oursMs),
    unit: '/s',
    anchor: { what: 'pyhocon', value: perSecond(pyhoconMs) },
    ...(oursMs.length > 1 ? { spread: middleHalf(oursMs.map((ms) => anchor / ms)) } : {}),
    target: { atLeast: 10 },
  };
}

// Rounds that once ended badly, by the trouble in them.
import type { Hunt } from './run.ts';

const EASY = {
  daemons: 1,
  tasks: 12,
  calmness: 20,
  jobLimit: Infinity,
  hasSlowCalls: false,
  isLazy: true,
  diesForGood: false,
} as const;

export const FOUND: readonly { readonly title: string; readonly hunt: Hunt }[] = [
  {
    title: 'of two jobs of one submission both were cancelled when the extra one had started meanwhile',
    hunt: { seed: 5, rounds: 5, same: { ...EASY, kinds: ['sbatch is doubled', 'sbatch is in flight'] } },
  },
  {
    title: 'a task was stopped for the end of an extra job, which accounting knew while the other was forgotten',
    hunt: {
      seed: 5,
      rounds: 5,
      same: { ...EASY, kinds: ['sbatch is doubled', 'controller crashes'], hasAccounting: true },
    },
  },
];

// One search as a person reads it: a line of figures, and the counterexample where there is one.
import type { Found, Scenario } from './search.ts';
import { MOST_JOBS } from './slurm-rules.ts';

export function formatFound({ title }: Pick<Scenario, 'title'>, found: Found): string {
  const { states, transitions, depth, seconds, verdict, what, counterexample, cutShort } = found;
  const figures = `${states} states, ${transitions} steps, depth ${depth}, ${seconds.toFixed(1)} s${cutShort === 0 ? '' : `, ${cutShort} cut short at ${MOST_JOBS} jobs`}`;
  if (verdict === 'holds') return `${title}: holds (${figures})`;
  if (verdict === 'cut')
    return `${title}: nothing wrong as far as it was searched (${figures}); raise --seconds or --states`;
  const steps = counterexample.length === 0 ? ['from the very beginning'] : counterexample;
  return [`${title}: ${what ?? 'wrong'} (${figures})`, ...steps.map((step, index) => `  ${index + 1}. ${step}`)].join(
    '\n',
  );
}

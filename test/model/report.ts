// One search as a person reads it: a line of figures, and the story where there is one.
import type { Found, Scenario } from './search.ts';

export function formatFound({ title, daemons }: Pick<Scenario, 'title' | 'daemons'>, found: Found): string {
  const { states, transitions, depth, seconds, verdict, what, story } = found;
  const figures = `${states} states, ${transitions} steps, depth ${depth}, ${seconds.toFixed(1)} s`;
  const name = daemons === 2 && !title.includes('two daemons') ? `${title}, two daemons` : title;
  if (verdict === 'holds') return `${name}: holds (${figures})`;
  if (verdict === 'cut')
    return `${name}: nothing wrong as far as it was searched (${figures}); raise --seconds or --states`;
  const steps = story.length === 0 ? ['from the very beginning'] : story;
  return [`${name}: ${what ?? 'wrong'} (${figures})`, ...steps.map((step, index) => `  ${index + 1}. ${step}`)].join(
    '\n',
  );
}

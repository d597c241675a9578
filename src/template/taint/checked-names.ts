// Variables that the script itself looks at before it uses them: what it then does with their values only its author can say.
import { isInside } from '../source.ts';
import type { Layer } from './layers.ts';

/** An expression, or a comparison of numbers, which test refuses for other text. */
const CHECKS = /^(?:=~|-(?:eq|ne|lt|le|gt|ge))$/;

export function checkedNames({ script }: Layer): string[] {
  const looks = script.commands.filter(({ words }) => {
    const [program, ...rest] = words.map(({ text }) => text);
    if (program === '[[') return rest.includes('=~');
    return (program === '[' || program === 'test') && rest.some((word) => CHECKS.test(word));
  });
  const cleaned = script.commands
    .flatMap(({ assignments }) => assignments)
    .filter((word) => script.expansions.some((one) => one.form === 'harmless' && isInside(one, word)))
    .flatMap(({ text }) => /^[A-Za-z_]\w*(?==)/.exec(text) ?? []);
  const seen = script.expansions
    .filter((one) => [...looks, ...script.caseWords].some((look) => isInside(one, look)))
    .map(({ name }) => name);
  return [...seen, ...cleaned];
}

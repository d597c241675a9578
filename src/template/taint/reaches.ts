// From each place that evaluates text, back through the variables, to the blanks whose values come there.
import type { ValueBlank } from '../blank-syntax.ts';
import { declaredNames } from '../shell/declarations.ts';
import type { LexedScript, Reach } from '../shell/lexed-script.ts';
import { positionAt, type TemplateSource } from '../source.ts';
import { checkedNames } from './checked-names.ts';
import { flowsOf, type Flow } from './flows.ts';
import { layersOf, type Layer } from './layers.ts';
import { sinksOf, type Sink } from './sinks.ts';
import { blanksIn, namesIn } from './sources.ts';

interface Step {
  readonly name: string;
  readonly isCertain: boolean;
}

/** Pure, and blind to the order of commands: in a loop or a function what stands below may run before. */
export function reachesOf(source: TemplateSource, script: LexedScript): Reach[] {
  const layers = layersOf(source, script);
  const flows = new Map<string, Flow[]>();
  for (const flow of layers.flatMap(flowsOf)) flows.set(flow.into, [...(flows.get(flow.into) ?? []), flow]);
  const checked = new Set(layers.flatMap(checkedNames));
  const sinks = [...layers.flatMap(sinksOf), ...integerSinks(layers, flows)];
  return sinks.flatMap((sink) => {
    const { line } = positionAt(source.text, sink.at);
    return sink.names.flatMap(({ of, isWhole }) => {
      if (!('name' in of)) return [];
      const found = blanksBehind({ name: of.name, isCertain: isWhole }, flows, checked);
      const variable = of.name.startsWith('@') ? '$1' : `$${of.name}`;
      return found.map((one) => ({ ...one, need: sink.need, by: sink.by, variable, line }));
    });
  });
}

/** Whatever an integer gets is evaluated as arithmetic, also by `read`, `for` and `printf -v`. */
function integerSinks(layers: readonly Layer[], flows: ReadonlyMap<string, readonly Flow[]>): Sink[] {
  const integers = new Set(layers.flatMap(({ script, text }) => [...declaredNames(script.commands, text).integers]));
  return [...integers].flatMap((name) =>
    (flows.get(name) ?? []).slice(0, 1).map(({ from }): Sink => ({
      at: from.start,
      need: 'number',
      by: `the integer ${name}`,
      names: [{ of: { name }, isWhole: true }],
    })),
  );
}

function blanksBehind(
  first: Step,
  flows: ReadonlyMap<string, readonly Flow[]>,
  checked: ReadonlySet<string>,
): Pick<Reach, 'blank' | 'isCertain'>[] {
  const found = new Map<ValueBlank, boolean>();
  const seen = new Set<string>();
  const steps = [first];
  for (const step of steps) {
    const isCertain = step.isCertain && !checked.has(step.name);
    const key = `${step.name} ${String(isCertain)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    for (const { from, layer } of flows.get(step.name) ?? []) {
      for (const { of, isWhole } of [...blanksIn(from, layer), ...namesIn(from, layer)]) {
        if ('name' in of) steps.push({ name: of.name, isCertain: isCertain && isWhole });
        else found.set(of.blank, found.get(of.blank) === true || (isCertain && isWhole));
      }
    }
  }
  return [...found].map(([blank, isCertain]) => ({ blank, isCertain }));
}

// Traces each evaluation of text back through variables to the placeholders whose values reach it.
import type { ValuePlaceholder } from '../placeholders/parse-placeholder.ts';
import { declaredNames } from '../shell/find-evaluated-assignments.ts';
import type { ReachedEvaluation } from '../shell/lexer-result.ts';
import { isInside, positionAt, type TemplateSource } from '../template-source.ts';
import { findFlows, flowsOfWords, type Flow } from './find-flows-into-variables.ts';
import { findLayers, layersOfCommand, type NestedScript } from './find-nested-scripts.ts';
import { expandCommands, impliedCommands, type ExpandedCommand } from './expand-commands.ts';
import { findEvaluations, evaluationsOfExpanded, subscriptsOfNames, type Evaluation } from './find-evaluations.ts';
import { placeholdersIn, namesIn, type Source } from './find-value-sources.ts';

interface Step {
  readonly name: string;
  readonly isCertain: boolean;
}

/** Pure. The order of commands is ignored: in a loop or a function, a later command can run first. */
export function traceEvaluatedValues(source: TemplateSource, whole: NestedScript): ReachedEvaluation[] {
  const { layers, expanded, flows } = parseScripts(source.file, whole);
  const checked = new Set(layers.flatMap(checkedNames));
  const evaluations = [
    ...layers.flatMap(findEvaluations),
    ...expanded.flatMap(evaluationsOfExpanded),
    ...integerEvaluations(layers, expanded, flows),
    ...layers.flatMap((layer) => evaluationsByReferences(layer, flows)),
  ];
  return evaluations.flatMap((evaluation) => {
    const { line } = positionAt(source.text, evaluation.at);
    return evaluation.names.flatMap(({ of, isWhole, heldBy }) => {
      const found =
        'placeholder' in of
          ? [{ placeholder: of.placeholder, isCertain: isWhole }]
          : placeholdersBehind({ name: of.name, isCertain: isWhole }, flows, checked);
      const isDirect = 'placeholder' in of && heldBy === undefined;
      const variable = 'placeholder' in of ? (heldBy ?? 'the words of a command') : shownName(of.name);
      return found.map((one) => ({
        ...one,
        requirement: evaluation.requirement,
        by: evaluation.by,
        variable,
        line,
        isDirect,
      }));
    });
  });
}

function shownName(name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return `$${name}`;
  return name.startsWith('@') ? '$1' : name.startsWith('>') ? `the file ${name.slice(1)}` : 'the output of a command';
}

type Flows = ReadonlyMap<string, readonly Flow[]>;

interface Scripts {
  readonly layers: readonly NestedScript[];
  readonly expanded: readonly ExpandedCommand[];
  readonly flows: Flows;
}

/** The script and its nested scripts, also those that appear once the variables in commands are expanded. */
function parseScripts(file: string, whole: NestedScript): Scripts {
  const layers = findLayers(file, whole);
  const written = layers.flatMap(findFlows);
  let flows = byName(written);
  let expanded: ExpandedCommand[] = [];
  for (let round = 0; round < 2; round += 1) {
    expanded = layers.flatMap((layer) => [...expandCommands(layer, flows), ...impliedCommands(layer)]);
    if (expanded.length === 0) break;
    const known = new Set(layers.map(({ id }) => id));
    const inner = expanded.flatMap(({ command, words }) => layersOfCommand(file, command, words));
    const found = inner.filter(({ id }) => !known.has(id));
    layers.push(...found);
    written.push(...found.flatMap(findFlows));
    flows = byName([
      ...written,
      ...expanded.flatMap(({ command, words, isSure }) =>
        flowsOfWords(words, command).map((flow) => (isSure ? flow : { ...flow, isVague: true })),
      ),
    ]);
  }
  return { layers, expanded, flows };
}

function byName(flows: readonly Flow[]): Flows {
  const named = new Map<string, Flow[]>();
  for (const flow of flows) named.set(flow.into, [...(named.get(flow.into) ?? []), flow]);
  return named;
}

/** Any value assigned to an integer is evaluated as arithmetic, also by `read`, `for` and `printf -v`. */
function integerEvaluations(
  layers: readonly NestedScript[],
  expanded: readonly ExpandedCommand[],
  flows: Flows,
): Evaluation[] {
  const declared = expanded.map(({ command, words }) => ({ ...command, words }));
  const integers = new Set(
    layers.flatMap(({ script, text }) => [...declaredNames([...script.commands, ...declared], text).integers]),
  );
  return [...integers].flatMap((name) =>
    (flows.get(name) ?? []).slice(0, 1).map(({ words }): Evaluation => ({
      at: words[0]?.start ?? 0,
      requirement: 'number',
      by: `the integer ${name}`,
      names: [{ of: { name }, isWhole: true }],
    })),
  );
}

/** `NAME='a[N]'; echo "${!NAME}"`, `declare -n NAME='a[N]'`: bash evaluates the subscript, as in the name of any variable. */
function evaluationsByReferences(layer: NestedScript, flows: Flows): Evaluation[] {
  const { script, text } = layer;
  const { references, unbound } = declaredNames(script.commands, text);
  const indirect = script.expansions.filter(({ form }) => form === 'indirect');
  const names = indirect
    .flatMap((one) => namesIn(one, layer).slice(0, 1))
    .map(({ of }) => ('name' in of ? of.name : ''));
  const bound = [...unbound].flatMap((name) =>
    assignmentsTo(name, flows)
      .slice(0, 1)
      .map(({ words }): Evaluation => ({
        at: words[0]?.start ?? 0,
        requirement: 'plain word',
        by: 'bash, as the name of a variable',
        names: [{ of: { name }, isWhole: assignmentsTo(name, flows).length === 1 }],
      })),
  );
  return [
    ...bound,
    ...[...new Set([...names, ...references, ...unbound])].flatMap((name) => subscriptsIn(name, flows)),
  ];
}

/** The subscripts in the text that a variable may hold. */
function subscriptsIn(first: string, flows: Flows): Evaluation[] {
  const found: Evaluation[] = [];
  const seen = new Set<string>();
  const steps: Step[] = [{ name: first, isCertain: true }];
  for (const step of steps) {
    if (seen.has(step.name)) continue;
    seen.add(step.name);
    const given = assignmentsTo(step.name, flows);
    for (const { words, isVague } of given) {
      const isCertain = step.isCertain && given.length === 1 && isVague !== true;
      for (const word of words) {
        const { associative } = declaredNames(word.layer.script.commands, word.layer.text);
        const subscripts = subscriptsOfNames(word, word.layer, associative);
        found.push(...subscripts.map((one) => (isCertain ? one : { ...one, names: one.names.map(doubted) })));
        steps.push(
          ...namesIn(word, word.layer).flatMap(({ of, isWhole }) =>
            'name' in of ? [{ name: of.name, isCertain: isCertain && isWhole }] : [],
          ),
        );
      }
    }
  }
  return found;
}

function assignmentsTo(name: string, flows: Flows): readonly Flow[] {
  return (flows.get(name) ?? []).filter(({ words }) => words.length > 0);
}

function doubted(source: Source): Source {
  return { ...source, isWhole: false };
}

function placeholdersBehind(
  first: Step,
  flows: Flows,
  checked: ReadonlySet<string>,
): Pick<ReachedEvaluation, 'placeholder' | 'isCertain'>[] {
  const found = new Map<ValuePlaceholder, boolean>();
  const seen = new Set<string>();
  const steps = [first];
  for (const step of steps) {
    const isCertain = step.isCertain && !checked.has(step.name);
    const key = `${step.name} ${String(isCertain)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    steps.push(...namedBy(step.name, flows).map((name) => ({ name, isCertain: false })));
    for (const { words, names = [], isVague } of flows.get(step.name) ?? []) {
      const isSure = isCertain && isVague !== true;
      steps.push(...names.map((name) => ({ name, isCertain: false })));
      for (const { of, isWhole } of words.flatMap((word) => [
        ...placeholdersIn(word, word.layer),
        ...namesIn(word, word.layer),
      ])) {
        if ('name' in of) steps.push({ name: of.name, isCertain: isSure && isWhole });
        else found.set(of.placeholder, found.get(of.placeholder) === true || (isSure && isWhole));
      }
    }
  }
  return [...found].map(([placeholder, isCertain]) => ({ placeholder, isCertain }));
}

/** The variables that `${!name}` may refer to, and those of the environment. */
function namedBy(name: string, flows: Flows): string[] {
  if (name === '*') return [...flows.keys()].filter((key) => /^[A-Za-z_]/.test(key));
  if (!name.startsWith('!')) return [];
  return (flows.get(name.slice(1)) ?? []).flatMap(({ words }) =>
    words.flatMap(({ layer, start, end }) => layer.text.slice(start, end).match(/[A-Za-z_]\w*/g) ?? []),
  );
}

/** A pattern match, or a numeric comparison, with which `test` rejects text that is not a number. */
const CHECKS = /^(?:=~|-(?:eq|ne|lt|le|gt|ge))$/;

/** Only characters without a meaning remain: `${NAME//[^a-zA-Z0-9]/_}`. */
const SANITIZED =
  /^\$\{\w+\/\/\[[!^](?:a-z|A-Z|0-9|[\w.:@%+,=]|\[:(?:alnum|alpha|digit|upper|lower):\])+-?\](?:\/[\w.-]*)?\}$/;

/** The variables that the script checks before it uses them: their values are not refused, because only the author knows what passes. */
function checkedNames({ script, text }: NestedScript): string[] {
  const checks = script.commands.filter(({ words }) => {
    const [program, ...rest] = words.map(({ text }) => text);
    if (program === '[[') return rest.includes('=~');
    return (program === '[' || program === 'test') && rest.some((word) => CHECKS.test(word));
  });
  const sanitized = script.commands
    .flatMap(({ assignments }) => assignments)
    .filter((word) =>
      script.expansions.some(
        (one) => isInside(one, word) && (one.form === 'harmless' || SANITIZED.test(text.slice(one.start, one.end))),
      ),
    )
    .flatMap(({ text }) => /^[A-Za-z_]\w*(?==)/.exec(text) ?? []);
  const seen = script.expansions
    .filter((one) => [...checks, ...script.caseWords].some((check) => isInside(one, check)))
    .map(({ name }) => name);
  return [...seen, ...sanitized];
}

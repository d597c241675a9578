// Inserts the values of one task, and the blocks, into a parsed template.
// A value is checked or quoted first: by quote-value.ts in the script, by check-evaluated-value.ts if bash evaluates it, by
// render-directives.ts in an `#SBATCH` line, by check-restricted-option.ts in mounts and in options of Pyxis.
import type { BlockRanges } from './check-blocks.ts';
import { checkSize } from './check-encoding-and-interpreter.ts';
import { checkHereDocument } from './check-here-document.ts';
import { addPyxisOptions } from './containers/add-pyxis-options.ts';
import { isPyxisImagePlaceholder, toPyxisImage } from './containers/write-pyxis-image.ts';
import type { RestrictedOptions } from './containers/find-restricted-options.ts';
import { checkRestrictedValue } from './containers/check-restricted-option.ts';
import { displayValue } from './placeholders/display-value.ts';
import { catchTemplateError, type TemplateError } from './errors.ts';
import { checkListLengths } from './directives/check-list-lengths.ts';
import {
  checkNoFile,
  checkNoHelp,
  enclosingOptions,
  fillToken,
  raiseTaskCount,
} from './directives/render-directives.ts';
import { becomesWords, hasFilter } from './placeholders/filters.ts';
import { parseOptions } from './directives/parse-directive-options.ts';
import { BLOCKS, type BlockName, type ValuePlaceholder } from './placeholders/parse-placeholder.ts';
import { quoteForContext, quoteWords, type Quoted } from './placeholders/quote-value.ts';
import { resolveDefault, resolveValue, type ResolvedValue } from './placeholders/resolve-value.ts';
import { allPlaceholders, type TemplateParts } from './inspect-template.ts';
import type { LexedScript, Occurrence, UnbracedName } from './shell/lexer-result.ts';
import { insertAll, positionAt, templateErrorAt, type Insertion, type TemplateSource } from './template-source.ts';
import { checkEvaluatedValue } from './data-flow/check-evaluated-value.ts';
import type {
  Blocks,
  EnclosingOption,
  PlaceholderUse,
  PyxisAdditions,
  PyxisSpec,
  Rendered,
  Variables,
} from './template.ts';

/** A template without errors. */
export interface ParsedTemplate extends TemplateParts {
  readonly script: LexedScript;
  readonly pyxis: PyxisSpec | undefined;
  readonly restrictedOptions: RestrictedOptions;
  readonly blocks: BlockRanges;
  /** The offset of the command that starts the agent, of which the block is the last word. */
  readonly agentStart: number;
}

const TEXT_OF_BLOCK: Readonly<Record<BlockName, (blocks: Blocks) => string>> = {
  CLEARML_PRE_SETUP: ({ preSetup }) => preSetup,
  CLEARML_AGENT_EXECUTE: ({ agentExecute }) => agentExecute,
  CLEARML_POST_SETUP: ({ postSetup }) => postSetup,
};

/** @throws TemplateError if a value is missing or is not allowed where the template has it */
export function insertValues(
  template: ParsedTemplate,
  variables: Variables,
  blocks: Blocks,
  additions?: PyxisAdditions,
): Rendered {
  const { source, pyxis } = template;
  const values = new Map<ValuePlaceholder, ResolvedValue>();

  function valueOf(placeholder: ValuePlaceholder): string {
    const resolved = resolveValue(source, placeholder, variables);
    const isImage = isPyxisImagePlaceholder(source.text, placeholder);
    const value = isImage ? { ...resolved, text: toPyxisImage(resolved.text) } : resolved;
    checkRestrictedValue(source, placeholder, value, template.restrictedOptions);
    values.set(placeholder, value);
    return value.text;
  }

  const filled = [
    ...template.tokens.flatMap((token) => fillToken(source, token, valueOf)),
    ...template.occurrences.map((occurrence) =>
      fillOccurrence(source, occurrence, valueOf(occurrence.placeholder), values.get(occurrence.placeholder)?.origin),
    ),
    ...template.script.unbracedNames.flatMap(addBraces),
  ];
  for (const document of template.script.documents) checkHereDocument(source, document, filled);
  const added = pyxis === undefined || additions === undefined ? [] : addPyxisOptions(source.text, pyxis, additions);
  const start = template.agentStart;
  const before = blocks.beforeAgent === undefined ? [] : [{ start, end: start, text: blocks.beforeAgent }];
  const insertions = [...filled, ...before, ...fillBlocks(template, blocks), ...added].sort(
    (a, b) => a.start - b.start || a.end - b.end,
  );
  const script = raiseTaskCount(insertAll(source.text, { start: 0, end: source.text.length }, insertions));
  checkSize(source, script);
  const textOf = (placeholder: ValuePlaceholder): string => values.get(placeholder)?.text ?? '';
  const directives = parseOptions(template.tokens);
  checkNoHelp(source, directives, textOf);
  checkNoFile(source, directives, values);
  checkListLengths(source, directives, values);
  const options = enclosingOptions(directives, textOf);
  return {
    script,
    uses: [...values].map(([placeholder, value]) => readUse(source, placeholder, value, options.get(placeholder))),
  };
}

/** The image for Pyxis, as the task or the template names it; undefined if only bash can tell. @throws TemplateError */
export function findImageName(parts: TemplateParts, variables: Variables): string | undefined {
  const { source } = parts;
  const placeholder = allPlaceholders(parts).find((candidate) => isPyxisImagePlaceholder(source.text, candidate));
  if (placeholder !== undefined) return resolveValue(source, placeholder, variables).text;
  return /--container-image(?:=|[ \t]+)["']?([\w./:@#%+=~-]+)["']?(?:\s|$)/.exec(source.text)?.[1];
}

/** The defaults that are not allowed where the template has them, and the values that would extend a name. */
export function defaultErrors({ source, tokens, occurrences, script }: TemplateParts): TemplateError[] {
  const { documents = [], unbracedNames = [] } = script ?? {};
  const errors = extendedNames(source, occurrences, unbracedNames);
  const filled = occurrences.flatMap(
    (occurrence) => catchTemplateError(errors, () => fillDefault(source, occurrence)) ?? [],
  );
  for (const document of documents) catchTemplateError(errors, () => checkHereDocument(source, document, filled));
  // A placeholder without a default can have any value: check the token with an ordinary one.
  const defaultOf = (placeholder: ValuePlaceholder): string => resolveDefault(source, placeholder) ?? 'x';
  for (const token of tokens) {
    catchTemplateError(errors, () => fillToken(source, token, defaultOf));
  }
  if (errors.length === 0) catchTemplateError(errors, () => checkNoHelp(source, parseOptions(tokens), defaultOf));
  return errors;
}

/** A variable, or the tilde of a home directory, up to the placeholder. */
const NAME_BEFORE = /(?:\$\w+|(?<![\w./}-])~[\w.-]*)$/;

/**
 * In re-evaluated text, a plain word directly after a name would make it another name. Elsewhere the name gets braces
 * (`addBraces`).
 */
function extendedNames(
  source: TemplateSource,
  occurrences: readonly Occurrence[],
  unbracedNames: readonly UnbracedName[],
): TemplateError[] {
  return occurrences.flatMap(({ placeholder, context }) => {
    const isBraced = unbracedNames.some((name) => name.placeholder === placeholder || name.end === placeholder.start);
    if (context.kind !== 're-evaluated' || isBraced) return [];
    const lineStart = source.text.lastIndexOf('\n', placeholder.start - 1) + 1;
    const name = NAME_BEFORE.exec(source.text.slice(lineStart, placeholder.start))?.[0];
    if (name === undefined) return [];
    const remedy = name.startsWith('~')
      ? 'write $HOME/, or put a character between the name and the placeholder'
      : `write \${${name.slice(1)}}`;
    const finding = `the value would become part of the name ${name}: ${remedy}`;
    return [templateErrorAt(source, placeholder.start, 'extended-name', finding)];
  });
}

function fillDefault(source: TemplateSource, occurrence: Occurrence): Insertion[] {
  if (hasFilter(occurrence.placeholder.filters, 'words')) checkCanSplit(source, occurrence);
  const fallback = resolveDefault(source, occurrence.placeholder);
  return fallback === undefined ? [] : [fillOccurrence(source, occurrence, fallback, 'default')];
}

function fillOccurrence(
  source: TemplateSource,
  { placeholder, context, evaluations = [] }: Occurrence,
  value: string,
  origin: ResolvedValue['origin'] | undefined,
): Insertion {
  const canSplit = context.kind === 'unquoted' && context.canSplit;
  const written: Quoted = canSplit && becomesWords(placeholder) ? quoteWords(value) : quoteForContext(value, context);
  const refused = evaluations
    .map((evaluation) => checkEvaluatedValue(value, evaluation, origin))
    .find((one) => one !== undefined);
  const quoted = 'refusal' in written ? written : (refused ?? written);
  if ('refusal' in quoted)
    throw templateErrorAt(
      source,
      placeholder.start,
      quoted.rule,
      `the value of ${placeholder.variable} is ${displayValue(value)}, ${quoted.refusal}`,
    );
  return { start: placeholder.start, end: placeholder.end, text: quoted.text };
}

/** `$USER` becomes `${USER}`: with the value `NAME` after it, bash would otherwise expand `$USERNAME`. */
function addBraces({ start, end }: UnbracedName): Insertion[] {
  return [
    { start: start + 1, end: start + 1, text: '{' },
    { start: end, end, text: '}' },
  ];
}

function checkCanSplit(source: TemplateSource, { placeholder, context }: Occurrence): void {
  if (context.kind === 'unquoted' && context.canSplit) return;
  throw templateErrorAt(
    source,
    placeholder.start,
    'words-filter',
    '|words splits a value into arguments: remove quotes and other text around the placeholder, or remove the filter',
  );
}

function fillBlocks({ blocks: ranges }: ParsedTemplate, blocks: Blocks): Insertion[] {
  return BLOCKS.map((block) => {
    const { start, end } = ranges[block];
    const text = TEXT_OF_BLOCK[block](blocks);
    // A block that the template leaves out gets a line.
    return { start, end, text: end > start || text.endsWith('\n') ? text : `${text}\n` };
  });
}

function readUse(
  source: TemplateSource,
  placeholder: ValuePlaceholder,
  { text, origin }: ResolvedValue,
  option: EnclosingOption | undefined,
): PlaceholderUse {
  const use = { ...positionAt(source.text, placeholder.start), variable: placeholder.variable, value: text, origin };
  return option === undefined ? use : { ...use, option };
}

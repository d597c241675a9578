// A parsed template filled in for one task.
import { BLOCKS, type BlockName, type ValuePlaceholder } from './placeholder.ts';
import type { BlockRanges } from './check-blocks.ts';
import { checkSize } from './check-file.ts';
import { addPyxisOptions } from './containers/pyxis-container.ts';
import type {
  PyxisAdditions,
  PyxisSpec,
  PlaceholderUse,
  Blocks,
  EnclosingOption,
  Rendered,
  Variables,
} from './template.ts';
import { isPyxisImagePlaceholder, toPyxisImage } from './containers/pyxis-image.ts';
import type { RestrictedOptions } from './containers/restricted-options.ts';
import { checkRestrictedValue } from './containers/restricted-values.ts';
import { quoteForDirective, type DirectiveToken } from './directive.ts';
import { catchTemplateError, type TemplateError } from './errors.ts';
import { hasFilter } from './filters.ts';
import { checkHereDocument } from './check-here-document.ts';
import { insertAll, positionAt, templateErrorAt, type Insertion, type TemplateSource } from './source.ts';
import { quoteForContext, quoteWords, type Quoted } from './quote-value.ts';
import type { HereDocument, UnbracedName, Occurrence } from './shell/lexed-script.ts';
import { extendedNames } from './shell/extended-names.ts';
import { takesNextToken } from './refused-directives.ts';
import { displayValue } from './display-value.ts';
import { PLACEHOLDER_MARK, readOptions, type DirectiveOption } from './directive-options.ts';
import { checkReach } from './taint/refuse-reach.ts';
import { raiseTaskCount } from './task-count.ts';
import { resolveDefault, resolveValue, type ResolvedValue } from './resolve-value.ts';

/** A template with its placeholders found. */
export interface TemplateParts {
  readonly source: TemplateSource;
  /** The words of all directive lines. */
  readonly tokens: readonly DirectiveToken[];
  /** The placeholders of the script, in the order of the text. */
  readonly occurrences: readonly Occurrence[];
  readonly documents: readonly HereDocument[];
  readonly unbracedNames: readonly UnbracedName[];
}

export interface ParsedTemplate extends TemplateParts {
  readonly pyxis: PyxisSpec | undefined;
  readonly restrictedOptions: RestrictedOptions;
  readonly blocks: BlockRanges;
}

const TEXT_OF_BLOCK: Readonly<Record<BlockName, (blocks: Blocks) => string>> = {
  CLEARML_PRE_SETUP: ({ preSetup }) => preSetup,
  CLEARML_AGENT_EXECUTE: ({ agentExecute }) => agentExecute,
  CLEARML_POST_SETUP: ({ postSetup }) => postSetup,
};

/** @throws TemplateError */
export function renderTemplate(
  template: ParsedTemplate,
  variables: Variables,
  blocks: Blocks,
  additions?: PyxisAdditions,
): Rendered {
  const { source, pyxis } = template;
  const values = new Map<ValuePlaceholder, ResolvedValue>();

  function valueOf(placeholder: ValuePlaceholder): string {
    const read = resolveValue(source, placeholder, variables);
    const value = isPyxisImagePlaceholder(source.text, placeholder) ? { ...read, text: toPyxisImage(read.text) } : read;
    checkRestrictedValue(source, placeholder, value, template.restrictedOptions);
    values.set(placeholder, value);
    return value.text;
  }

  const filled = [
    ...template.tokens.flatMap((word) => fillToken(source, word, valueOf)),
    ...template.occurrences.map((occurrence) =>
      fillOccurrence(source, occurrence, valueOf(occurrence.placeholder), values.get(occurrence.placeholder)?.origin),
    ),
    ...template.unbracedNames.flatMap(addBraces),
  ];
  for (const document of template.documents) checkHereDocument(source, document, filled);
  const added = pyxis === undefined || additions === undefined ? [] : addPyxisOptions(source.text, pyxis, additions);
  const insertions = [...filled, ...fillBlocks(template, blocks), ...added].sort(
    (a, b) => a.start - b.start || a.end - b.end,
  );
  const script = raiseTaskCount(insertAll(source.text, { start: 0, end: source.text.length }, insertions));
  checkSize(source, script);
  const options = enclosingOptions(readOptions(template.tokens), (placeholder) => values.get(placeholder)?.text ?? '');
  return {
    script,
    uses: [...values].map(([placeholder, value]) => readUse(source, placeholder, value, options.get(placeholder))),
  };
}

/** The image that Pyxis is given, as the task or the template names it; undefined where only bash will know. */
export function findImageName(
  { source, tokens: words, occurrences }: TemplateParts,
  variables: Variables,
): string | undefined {
  const placeholders = [
    ...words.flatMap(({ parts }) => parts.flatMap((part) => (part.kind === 'placeholder' ? [part.placeholder] : []))),
    ...occurrences.map(({ placeholder }) => placeholder),
  ];
  const placeholder = placeholders.find((candidate) => isPyxisImagePlaceholder(source.text, candidate));
  if (placeholder !== undefined) return resolveValue(source, placeholder, variables).text;
  return /--container-image(?:=|[ \t]+)["']?([\w./:@#%+=~-]+)["']?(?:\s|$)/.exec(source.text)?.[1];
}

/** Every default must be able to stand where it stands, whatever the task is: those that can't. */
export function defaultErrors({
  source,
  tokens: words,
  occurrences,
  documents,
  unbracedNames,
}: TemplateParts): TemplateError[] {
  const problems = extendedNames(source, occurrences, unbracedNames);
  const filled = occurrences.flatMap(
    (occurrence) => catchTemplateError(problems, () => fillDefault(source, occurrence)) ?? [],
  );
  for (const document of documents) catchTemplateError(problems, () => checkHereDocument(source, document, filled));
  for (const word of words) {
    // Where there is no default any value may come, and an ordinary one stands for it.
    catchTemplateError(problems, () =>
      fillToken(source, word, (placeholder) => resolveDefault(source, placeholder) ?? 'x'),
    );
  }
  return problems;
}

function fillDefault(source: TemplateSource, occurrence: Occurrence): Insertion[] {
  if (hasFilter(occurrence.placeholder.filters, 'words')) checkCanSplit(source, occurrence);
  const fallback = resolveDefault(source, occurrence.placeholder);
  return fallback === undefined ? [] : [fillOccurrence(source, occurrence, fallback, 'default')];
}

function fillOccurrence(
  source: TemplateSource,
  { placeholder, context, reaches = [] }: Occurrence,
  value: string,
  origin: ResolvedValue['origin'] | undefined,
): Insertion {
  const canSplit = context.kind === 'unquoted' && context.canSplit;
  const isSplit =
    hasFilter(placeholder.filters, 'words') || placeholder.variable === 'CLEARML_TASK.container.arguments';
  const written: Quoted = canSplit && isSplit ? quoteWords(value) : quoteForContext(value, context);
  const refused = reaches.map((reach) => checkReach(value, reach, origin)).find((one) => one !== undefined);
  const quoted = 'refusal' in written ? written : (refused ?? written);
  if ('refusal' in quoted)
    throw templateErrorAt(
      source,
      placeholder.start,
      quoted.rule,
      `the value of ${placeholder.variable}, ${quoted.refusal}`,
    );
  return { start: placeholder.start, end: placeholder.end, text: quoted.text };
}

/** `$USER` becomes `${USER}`, or with the value ISEMPTY behind it bash would expand `$USERISEMPTY`. */
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
    '|words makes several words of a value, which can stand only as whole arguments of a command: take it out of quotes and away from other text, or drop the filter',
  );
}

function fillToken(
  source: TemplateSource,
  word: DirectiveToken,
  valueOf: (placeholder: ValuePlaceholder) => string,
): Insertion[] {
  const insertions: Insertion[] = [];
  let meant = '';
  for (const part of word.parts) {
    if (part.kind === 'text') {
      meant += part.text;
      continue;
    }
    const { placeholder, quote } = part;
    if (hasFilter(placeholder.filters, 'words')) {
      throw templateErrorAt(
        source,
        placeholder.start,
        'words-filter',
        '|words can not stand in an #SBATCH line, where further words would be options: drop the filter',
      );
    }
    const value = valueOf(placeholder);
    if (/[\n\t]/.test(value)) {
      throw templateErrorAt(
        source,
        placeholder.start,
        'newline-in-directive',
        `${displayValue(value)} holds a newline or a tab, and an #SBATCH line can not: drop |raw`,
      );
    }
    meant += value;
    insertions.push({ start: placeholder.start, end: placeholder.end, text: quoteForDirective(value, quote) });
  }
  if (insertions.length > 0) checkMeaning(source, word, meant);
  return insertions;
}

/** With its values in it, the word must still be the option or the argument that it is in the template. */
function checkMeaning(source: TemplateSource, { parts, start }: DirectiveToken, meant: string): void {
  const [first] = parts;
  if (first?.kind === 'placeholder' && meant.startsWith('-')) {
    throw templateErrorAt(
      source,
      start,
      'dash-value',
      `${displayValue(meant)} begins with a dash here, and sbatch would read it as an option: write --name=\${…} instead of --name \${…}`,
    );
  }
  if (meant === '' || takesNextToken(meant)) {
    throw templateErrorAt(
      source,
      start,
      'empty-value',
      'the value is empty here, and sbatch would take the next word for it: give it a default that is not, or write the option as --name=${…}',
    );
  }
}

function fillBlocks({ blocks: ranges }: ParsedTemplate, blocks: Blocks): Insertion[] {
  return BLOCKS.map((block) => {
    const { start, end } = ranges[block];
    const text = TEXT_OF_BLOCK[block](blocks);
    // Where the template has no line for the block, it gets one.
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

/** By the placeholder. `valueOf` fills in the other ones. */
function enclosingOptions(
  options: readonly DirectiveOption[],
  valueOf: (placeholder: ValuePlaceholder) => string,
): ReadonlyMap<ValuePlaceholder, EnclosingOption> {
  return new Map(
    options.flatMap((option) => option.placeholders.map((placeholder, index) => [placeholder, around(option, index)])),
  );

  function around({ name, value, placeholders }: DirectiveOption, index: number): EnclosingOption {
    const texts = value.split(PLACEHOLDER_MARK);
    const filled = placeholders.map(valueOf);
    // Between two texts stands the placeholder of the first one's number.
    const join = (from: number, to: number): string =>
      texts
        .slice(from, to)
        .reduce((text, next, at) => text + (at === 0 ? '' : (filled[from + at - 1] ?? '')) + next, '');
    return { name, before: join(0, index + 1), after: join(index + 1, texts.length) };
  }
}

// A parsed template filled in for one task.
import { BLOCKS, type BlockName, type ValueBlank } from './placeholder.ts';
import type { BlockPlaces } from './check-blocks.ts';
import { checkSize } from './check-file.ts';
import { addToPyxis } from './containers/pyxis-container.ts';
import type { PyxisAdditions, PyxisForm } from './containers/pyxis-shape.ts';
import { isPyxisImage, pyxisImage } from './containers/pyxis-image.ts';
import type { PyxisWords } from './containers/restricted-options.ts';
import { checkPyxisValue } from './containers/restricted-values.ts';
import { quoteForDirective, type DirectiveWord } from './directive.ts';
import { orProblem, type TemplateProblem } from './errors.ts';
import { hasFilter } from './filters.ts';
import { checkDocument } from './check-here-document.ts';
import { insertAll, type Insertion } from './insertion.ts';
import { quoteForPlace, quoteWords, type Quoted } from './quote-value.ts';
import type { HereDocument, OpenName, Site } from './shell/lexed-script.ts';
import { extendedNames } from './shell/extended-names.ts';
import { wantsNextWord } from './refused-directives.ts';
import { shown } from './display-value.ts';
import { fedOptions } from './enclosing-options.ts';
import { readOptions } from './lint/options.ts';
import { positionAt, problemAt, type TemplateSource } from './source.ts';
import { refuseReach } from './taint/refuse-reach.ts';
import { withEnoughTasks } from './task-count.ts';
import type { BlankUse, Blocks, FedOption, Rendered, Variables } from './template.ts';
import { readDefault, readValue, type ValueText } from './resolve-value.ts';

/** A template with its blanks found. */
export interface WithBlanks {
  readonly source: TemplateSource;
  /** The words of all directive lines. */
  readonly words: readonly DirectiveWord[];
  /** The blanks of the script, in the order of the text. */
  readonly sites: readonly Site[];
  readonly documents: readonly HereDocument[];
  readonly openNames: readonly OpenName[];
}

export interface ParsedTemplate extends WithBlanks {
  readonly pyxis: PyxisForm | undefined;
  readonly pyxisWords: PyxisWords;
  readonly blocks: BlockPlaces;
}

const TEXT_OF_BLOCK: Readonly<Record<BlockName, (blocks: Blocks) => string>> = {
  CLEARML_PRE_SETUP: ({ preSetup }) => preSetup,
  CLEARML_AGENT_EXECUTE: ({ agentExecute }) => agentExecute,
  CLEARML_POST_SETUP: ({ postSetup }) => postSetup,
};

/** @throws TemplateProblem */
export function renderTemplate(
  template: ParsedTemplate,
  variables: Variables,
  blocks: Blocks,
  additions?: PyxisAdditions,
): Rendered {
  const { source, pyxis } = template;
  const values = new Map<ValueBlank, ValueText>();

  function valueOf(blank: ValueBlank): string {
    const read = readValue(source, blank, variables);
    const value = isPyxisImage(source.text, blank) ? { ...read, text: pyxisImage(read.text) } : read;
    checkPyxisValue(source, blank, value, template.pyxisWords);
    values.set(blank, value);
    return value.text;
  }

  const filled = [
    ...template.words.flatMap((word) => fillWord(source, word, valueOf)),
    ...template.sites.map((site) => fillSite(source, site, valueOf(site.blank), values.get(site.blank)?.origin)),
    ...template.openNames.flatMap(closeName),
  ];
  for (const document of template.documents) checkDocument(source, document, filled);
  const added = pyxis === undefined || additions === undefined ? [] : addToPyxis(source.text, pyxis, additions);
  const insertions = [...filled, ...fillBlocks(template, blocks), ...added].sort(
    (a, b) => a.start - b.start || a.end - b.end,
  );
  const script = withEnoughTasks(insertAll(source.text, { start: 0, end: source.text.length }, insertions));
  checkSize(source, script);
  const options = fedOptions(readOptions(template.words), (blank) => values.get(blank)?.text ?? '');
  return { script, uses: [...values].map(([blank, value]) => readUse(source, blank, value, options.get(blank))) };
}

/** The image that Pyxis is given, as the task or the template names it; undefined where only bash will know. */
export function findImageName({ source, words, sites }: WithBlanks, variables: Variables): string | undefined {
  const blanks = [
    ...words.flatMap(({ parts }) => parts.flatMap((part) => (part.kind === 'blank' ? [part.blank] : []))),
    ...sites.map(({ blank }) => blank),
  ];
  const blank = blanks.find((candidate) => isPyxisImage(source.text, candidate));
  if (blank !== undefined) return readValue(source, blank, variables).text;
  return /--container-image(?:=|[ \t]+)["']?([\w./:@#%+=~-]+)["']?(?:\s|$)/.exec(source.text)?.[1];
}

/** Every default must be able to stand where it stands, whatever the task is: those that can't. */
export function defaultProblems({ source, words, sites, documents, openNames }: WithBlanks): TemplateProblem[] {
  const problems = extendedNames(source, sites, openNames);
  const filled = sites.flatMap((site) => orProblem(problems, () => fillDefault(source, site)) ?? []);
  for (const document of documents) orProblem(problems, () => checkDocument(source, document, filled));
  for (const word of words) {
    // Where there is no default any value may come, and an ordinary one stands for it.
    orProblem(problems, () => fillWord(source, word, (blank) => readDefault(source, blank) ?? 'x'));
  }
  return problems;
}

function fillDefault(source: TemplateSource, site: Site): Insertion[] {
  if (hasFilter(site.blank.filters, 'words')) checkCanSplit(source, site);
  const fallback = readDefault(source, site.blank);
  return fallback === undefined ? [] : [fillSite(source, site, fallback, 'default')];
}

function fillSite(
  source: TemplateSource,
  { blank, place, reaches = [] }: Site,
  value: string,
  origin: ValueText['origin'] | undefined,
): Insertion {
  const canSplit = place.kind === 'word' && place.canSplit;
  const isSplit = hasFilter(blank.filters, 'words') || blank.variable === 'CLEARML_TASK.container.arguments';
  const written: Quoted = canSplit && isSplit ? quoteWords(value) : quoteForPlace(value, place);
  const refused = reaches.map((reach) => refuseReach(value, reach, origin)).find((one) => one !== undefined);
  const quoted = 'refusal' in written ? written : (refused ?? written);
  if ('refusal' in quoted)
    throw problemAt(source, blank.start, quoted.rule, `the value of ${blank.variable}, ${quoted.refusal}`);
  return { start: blank.start, end: blank.end, text: quoted.text };
}

/** `$USER` becomes `${USER}`, or with the value ISEMPTY behind it bash would expand `$USERISEMPTY`. */
function closeName({ start, end }: OpenName): Insertion[] {
  return [
    { start: start + 1, end: start + 1, text: '{' },
    { start: end, end, text: '}' },
  ];
}

function checkCanSplit(source: TemplateSource, { blank, place }: Site): void {
  if (place.kind === 'word' && place.canSplit) return;
  throw problemAt(
    source,
    blank.start,
    'words-filter',
    '|words makes several words of a value, which can stand only as whole arguments of a command: take it out of quotes and away from other text, or drop the filter',
  );
}

function fillWord(source: TemplateSource, word: DirectiveWord, valueOf: (blank: ValueBlank) => string): Insertion[] {
  const insertions: Insertion[] = [];
  let meant = '';
  for (const part of word.parts) {
    if (part.kind === 'text') {
      meant += part.text;
      continue;
    }
    const { blank, quote } = part;
    if (hasFilter(blank.filters, 'words')) {
      throw problemAt(
        source,
        blank.start,
        'words-filter',
        '|words can not stand in an #SBATCH line, where further words would be options: drop the filter',
      );
    }
    const value = valueOf(blank);
    if (/[\n\t]/.test(value)) {
      throw problemAt(
        source,
        blank.start,
        'newline-in-directive',
        `${shown(value)} holds a newline or a tab, and an #SBATCH line can not: drop |raw`,
      );
    }
    meant += value;
    insertions.push({ start: blank.start, end: blank.end, text: quoteForDirective(value, quote) });
  }
  if (insertions.length > 0) checkMeaning(source, word, meant);
  return insertions;
}

/** With its values in it, the word must still be the option or the argument that it is in the template. */
function checkMeaning(source: TemplateSource, { parts, start }: DirectiveWord, meant: string): void {
  const [first] = parts;
  if (first?.kind === 'blank' && meant.startsWith('-')) {
    throw problemAt(
      source,
      start,
      'dash-value',
      `${shown(meant)} begins with a dash here, and sbatch would read it as an option: write --name=\${…} instead of --name \${…}`,
    );
  }
  if (meant === '' || wantsNextWord(meant)) {
    throw problemAt(
      source,
      start,
      'empty-value',
      'the value is empty here, and sbatch would take the next word for it: give it a default that is not, or write the option as --name=${…}',
    );
  }
}

function fillBlocks({ blocks: places }: ParsedTemplate, blocks: Blocks): Insertion[] {
  return BLOCKS.map((block) => {
    const { start, end } = places[block];
    const text = TEXT_OF_BLOCK[block](blocks);
    // Where the template has no line for the block, it gets one.
    return { start, end, text: end > start || text.endsWith('\n') ? text : `${text}\n` };
  });
}

function readUse(
  source: TemplateSource,
  blank: ValueBlank,
  { text, origin }: ValueText,
  option: FedOption | undefined,
): BlankUse {
  const use = { ...positionAt(source.text, blank.start), variable: blank.variable, value: text, origin };
  return option === undefined ? use : { ...use, option };
}

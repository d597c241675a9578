// Parses a template, and finds all errors that do not depend on a task; rendering finds the others.
import { commandEndingIn, locateBlocks, type BlockRanges } from './check-blocks.ts';
import { findPyxisContainer } from './containers/add-pyxis-options.ts';
import { restrictedOptions } from './containers/find-restricted-options.ts';
import { findHeader, headerLines, misplacedDirectives, parseDirectiveLine } from './directives/check-directives.ts';
import { fileErrors } from './check-encoding-and-interpreter.ts';
import { catchTemplateError, type TemplateError } from './errors.ts';
import { defaultErrors, findImageName, insertValues, type ParsedTemplate } from './insert-values.ts';
import { lexScript } from './shell/lex-script.ts';
import { positionAt, type Range, type TemplateSource } from './template-source.ts';
import { classifyPlaceholders } from './data-flow/classify-placeholders.ts';
import { inspectTemplate, type TemplateContents, type TemplateParts } from './inspect-template.ts';
import type { ForwardedSignal, Template } from './template.ts';
import type { DirectiveToken } from './directives/tokenize-directives.ts';
import { parseOptions } from './directives/parse-directive-options.ts';

/** A template, and what it uses, for messages and advice. */
export interface InspectedTemplate extends Template {
  readonly contents: TemplateContents;
}

/**
 * Pure.
 * @param file the name of the file, for messages
 * @throws TemplateError the first error
 */
export function parseTemplate(text: string, file: string): InspectedTemplate {
  const lenient = parseLeniently(file, text);
  const { tokens, script, blocks, problems } = lenient;
  const [problem] = problems;
  if (problem !== undefined) throw problem;
  if (script === undefined || blocks === undefined) throw new RangeError('a template without errors has all its parts');
  const pyxis = findPyxisContainer(text, tokens, script);
  const block = blocks.CLEARML_AGENT_EXECUTE;
  // None if the template omits the block.
  const agentWords = commandEndingIn(block, script)?.words ?? [];
  const parsed: ParsedTemplate = {
    ...lenient,
    script,
    blocks,
    pyxis,
    restrictedOptions: restrictedOptions(tokens, script.commands, text),
    agentStart: agentWords[0]?.start ?? block.start,
  };
  return {
    file,
    agent: { file, ...positionAt(text, block.start), command: agentWords.slice(0, -1).map((word) => word.text) },
    forwardedSignal: findForwardedSignal(tokens),
    contents: inspectTemplate(parsed),
    pyxis:
      pyxis === undefined ? undefined : { spec: pyxis, imageName: (variables) => findImageName(parsed, variables) },
    render: (variables, insertions, additions) => insertValues(parsed, variables, insertions, additions),
  };
}

export interface LenientParse extends TemplateParts {
  /** Without the characters that sbatch rejects; lines and columns are those of the file. */
  readonly source: TemplateSource;
  readonly header: Range;
  /** undefined if they have errors. */
  readonly blocks: BlockRanges | undefined;
  /** The text with plain words of the same length for invalid placeholders. */
  readonly readable: string;
  /** All errors, the first that `parseTemplate` throws first; empty only if script and blocks are defined. */
  readonly problems: readonly TemplateError[];
}

/** Reads a template to its end, whatever errors it has. */
export function parseLeniently(file: string, text: string): LenientParse {
  const problems = fileErrors({ file, text });
  const source = {
    file,
    text: text
      .replace(/^\uFEFF/, '')
      .replaceAll('\r', '')
      .replaceAll('\0', ' '),
  };
  const header = findHeader(source.text);
  const tokens = headerLines(source, header).flatMap(
    (line) => catchTemplateError(problems, () => parseDirectiveLine(source, line)) ?? [],
  );
  const { script, readable } = lexWithoutInvalidPlaceholders(source, problems);
  if (script !== undefined) problems.push(...misplacedDirectives(source, header, script.comments));
  const blocks = script && locateBlocks(source, script, header, problems);
  const classified = script && classifyPlaceholders(source, script);
  const { occurrences = [], possibleEvaluations = [] } = classified ?? {};
  const parts = { source, tokens, script, occurrences, possibleEvaluations };
  problems.push(...defaultErrors(parts));
  return { ...parts, header, blocks, readable, problems };
}

const PLACEHOLDER = /\$[{<]CLEARML_[^}>\n]*[}>]?/y;

/** Reports each invalid placeholder, and replaces it by a word of the same length. */
function lexWithoutInvalidPlaceholders(
  source: TemplateSource,
  problems: TemplateError[],
): Pick<LenientParse, 'script' | 'readable'> {
  for (let { text } = source; ;) {
    const found: TemplateError[] = [];
    const script = catchTemplateError(found, () => lexScript({ file: source.file, text }));
    problems.push(...found);
    const [problem] = found;
    if (problem === undefined) return { script, readable: text };
    // Another word after << would end the here-document elsewhere.
    if (problem.rule === 'document-delimiter') return { script: undefined, readable: text };
    const at = offsetOf(text, problem);
    PLACEHOLDER.lastIndex = problem.rule === 'escaped-blank' ? at + 1 : at;
    const placeholder = PLACEHOLDER.exec(text)?.[0];
    if (placeholder === undefined) return { script: undefined, readable: text };
    const start = PLACEHOLDER.lastIndex - placeholder.length;
    text = text.slice(0, start) + 'x'.repeat(placeholder.length) + text.slice(start + placeholder.length);
  }
}

function offsetOf(text: string, { line, column }: TemplateError): number {
  const before = text.split('\n').slice(0, line - 1);
  return before.reduce((sum, { length }) => sum + length + 1, 0) + column - 1;
}

/** From `--signal=B:USR1@120`, as sbatch(1) has it. Without `B:`, Slurm sends the signal to no process of the batch script. */
function findForwardedSignal(tokens: readonly DirectiveToken[]): ForwardedSignal | undefined {
  const value = parseOptions(tokens).findLast(({ name }) => name === 'signal')?.value ?? '';
  const [, signal = ''] = /^R?BR?:(?:SIG)?(USR1|USR2|10|12)(?:@|$)/i.exec(value) ?? [];
  return SIGNALS[signal.toUpperCase()];
}

const SIGNALS: Readonly<Record<string, ForwardedSignal>> = { USR1: 'USR1', '10': 'USR1', USR2: 'USR2', '12': 'USR2' };

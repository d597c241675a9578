// Reads a template to its end and collects all errors, where `parseTemplate` throws the first one.
import { BLOCKS } from './placeholders/parse-placeholder.ts';
import { mayOmitAgent, locateBlocks, requireBlock } from './check-blocks.ts';
import { findHeader, headerLines, misplacedDirectives, parseDirectiveLine } from './directives/check-directives.ts';
import { fileErrors } from './check-encoding-and-interpreter.ts';
import type { DirectiveToken } from './directives/tokenize-directives.ts';
import { catchTemplateError, type TemplateError } from './errors.ts';
import { defaultErrors } from './insert-values.ts';
import { lexScript } from './shell/lex-script.ts';
import type { LexedScript, ReachedEvaluation, Occurrence } from './shell/lexer-result.ts';
import type { Range, TemplateSource } from './template-source.ts';
import { classifyPlaceholders } from './data-flow/classify-placeholders.ts';

export interface LenientParse {
  /** Without the characters that sbatch rejects; lines and columns are those of the file. */
  readonly source: TemplateSource;
  readonly header: Range;
  /** Of all valid directives. */
  readonly tokens: readonly DirectiveToken[];
  /** undefined if bash cannot parse the script. */
  readonly script: LexedScript | undefined;
  /** The text with plain words of the same length for invalid placeholders. */
  readonly readable: string;
  /** The placeholders of the script, in the order of the text. */
  readonly occurrences: readonly Occurrence[];
  /** Values that may be evaluated. */
  readonly possibleEvaluations: readonly ReachedEvaluation[];
  /** In no order. */
  readonly problems: readonly TemplateError[];
}

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
  if (script !== undefined) {
    problems.push(...misplacedDirectives(source, header, script.comments));
    for (const block of BLOCKS) {
      if (block === 'CLEARML_AGENT_EXECUTE' && mayOmitAgent(script)) continue;
      catchTemplateError(problems, () => requireBlock(source, script, header, block));
    }
    checkBlockOrder(source, script, header, problems);
  }
  const { occurrences, possibleEvaluations } =
    script === undefined ? { occurrences: [], possibleEvaluations: [] } : classifyPlaceholders(source, script);
  problems.push(
    ...defaultErrors({
      source,
      tokens,
      occurrences,
      documents: script?.documents ?? [],
      unbracedNames: script?.unbracedNames ?? [],
    }),
  );
  return { source, header, tokens, script, readable, occurrences, possibleEvaluations, problems };
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

/** The order is checked only if each block occurs once, in a valid place. */
function checkBlockOrder(source: TemplateSource, script: LexedScript, header: Range, problems: TemplateError[]): void {
  if (problems.some(({ rule }) => rule !== undefined && BLOCK_RULES.includes(rule))) return;
  catchTemplateError(problems, () => locateBlocks(source, script, header));
}

const BLOCK_RULES: readonly string[] = ['block-missing', 'block-twice', 'block-place'];

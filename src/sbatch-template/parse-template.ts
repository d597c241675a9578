// Parses a template, and finds all errors that do not depend on a task; rendering finds the others.
import { locateBlocks } from './check-blocks.ts';
import { findPyxisContainer } from './containers/add-pyxis-options.ts';
import { restrictedOptions } from './containers/find-restricted-options.ts';
import { findHeader, headerLines, misplacedDirectives, parseDirectiveLine } from './directives/check-directives.ts';
import { fileErrors } from './check-encoding-and-interpreter.ts';
import { throwFirst } from './errors.ts';
import { defaultErrors, findImageName, insertValues, type ParsedTemplate } from './insert-values.ts';
import { lexScript } from './shell/lex-script.ts';
import type { LexedScript, Word } from './shell/lexer-result.ts';
import { positionAt, type Range, type TemplateSource } from './template-source.ts';
import { classifyPlaceholders } from './data-flow/classify-placeholders.ts';
import { inspectTemplate, type TemplateContents } from './inspect-template.ts';
import type { AgentLocation, ForwardedSignal, Template } from './template.ts';
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
  const source = { file, text };
  throwFirst(fileErrors(source));
  const header = findHeader(text);
  const tokens = headerLines(source, header).flatMap((line) => parseDirectiveLine(source, line));
  const script = lexScript(source);
  throwFirst(misplacedDirectives(source, header, script.comments));
  const blocks = locateBlocks(source, script, header);
  const pyxis = findPyxisContainer(text, tokens, script);
  const { occurrences, possibleEvaluations } = classifyPlaceholders(source, script);
  const parsed: ParsedTemplate = {
    source,
    tokens,
    occurrences,
    documents: script.documents,
    unbracedNames: script.unbracedNames,
    blocks,
    pyxis,
    restrictedOptions: restrictedOptions(tokens, script.commands),
    agentStart: startOfAgent(script, blocks.CLEARML_AGENT_EXECUTE),
  };
  throwFirst(defaultErrors(parsed));
  return {
    file,
    agent: agentLocation(source, script, blocks.CLEARML_AGENT_EXECUTE),
    forwardedSignal: findForwardedSignal(tokens),
    contents: inspectTemplate({ source, tokens, occurrences, possibleEvaluations }),
    pyxis:
      pyxis === undefined ? undefined : { spec: pyxis, imageName: (variables) => findImageName(parsed, variables) },
    render: (variables, insertions, additions) => insertValues(parsed, variables, insertions, additions),
  };
}

function agentLocation(source: TemplateSource, script: LexedScript, block: Range): AgentLocation {
  return {
    file: source.file,
    ...positionAt(source.text, block.start),
    command: wordsOfAgent(script, block)
      .slice(0, -1)
      .map(({ text }) => text),
  };
}

/** Where the command begins whose last word is the block. */
function startOfAgent(script: LexedScript, block: Range): number {
  return wordsOfAgent(script, block)[0]?.start ?? block.start;
}

/** Empty if the template omits the block. */
function wordsOfAgent({ commands }: LexedScript, { start, end }: Range): readonly Word[] {
  return commands.find(({ words }) => words.at(-1)?.start === start && words.at(-1)?.end === end)?.words ?? [];
}

/** From `--signal=B:USR1@120`, as sbatch(1) has it. Without `B:`, Slurm sends the signal to no process of the batch script. */
function findForwardedSignal(tokens: readonly DirectiveToken[]): ForwardedSignal | undefined {
  const value = parseOptions(tokens).findLast(({ name }) => name === 'signal')?.value ?? '';
  const [, signal = ''] = /^R?BR?:(?:SIG)?(USR1|USR2|10|12)(?:@|$)/i.exec(value) ?? [];
  return SIGNALS[signal.toUpperCase()];
}

const SIGNALS: Readonly<Record<string, ForwardedSignal>> = { USR1: 'USR1', '10': 'USR1', USR2: 'USR2', '12': 'USR2' };

// Parses a template, and finds all errors that do not depend on a task; rendering finds the others.
import { locateBlocks } from './check-blocks.ts';
import { findPyxisContainer } from './containers/pyxis-in-template.ts';
import { restrictedOptions } from './containers/find-restricted-options.ts';
import { findHeader, headerLines, misplacedDirectives, readDirectiveLine } from './check-directives.ts';
import { fileErrors } from './check-file.ts';
import { throwFirst } from './errors.ts';
import { defaultErrors, findImageName, renderTemplate, type ParsedTemplate } from './render.ts';
import { lexScript } from './shell/lex-script.ts';
import type { LexedScript } from './shell/lexed-script.ts';
import { positionAt, type Range, type TemplateSource } from './source.ts';
import { classifyPlaceholders } from './data-flow/classify-placeholders.ts';
import type { AgentLocation, Template } from './template.ts';

/**
 * Pure.
 * @param file the name of the file, for messages
 * @throws TemplateError the first error
 */
export function parseTemplate(text: string, file: string): Template {
  const source = { file, text };
  throwFirst(fileErrors(source));
  const header = findHeader(text);
  const tokens = headerLines(source, header).flatMap((line) => readDirectiveLine(source, line));
  const script = lexScript(source);
  throwFirst(misplacedDirectives(source, header, script.comments));
  const blocks = locateBlocks(source, script, header);
  const pyxis = findPyxisContainer(text, tokens, script);
  const { occurrences } = classifyPlaceholders(source, script);
  const parsed: ParsedTemplate = {
    source,
    tokens,
    occurrences,
    documents: script.documents,
    unbracedNames: script.unbracedNames,
    blocks,
    pyxis,
    restrictedOptions: restrictedOptions(tokens, script.commands),
  };
  throwFirst(defaultErrors(parsed));
  return {
    file,
    agent: agentLocation(source, script, blocks.CLEARML_AGENT_EXECUTE),
    pyxis:
      pyxis === undefined ? undefined : { spec: pyxis, imageName: (variables) => findImageName(parsed, variables) },
    render: (variables, insertions, additions) => renderTemplate(parsed, variables, insertions, additions),
  };
}

function agentLocation(source: TemplateSource, { commands }: LexedScript, { start, end }: Range): AgentLocation {
  const command = commands.find(({ words }) => words.at(-1)?.start === start && words.at(-1)?.end === end);
  return {
    file: source.file,
    ...positionAt(source.text, start),
    command: command?.words.slice(0, -1).map(({ text }) => text) ?? [],
  };
}

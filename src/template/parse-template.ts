// A template read once: everything that can be wrong without a task is found here, the rest when it is rendered.
import { placeBlocks } from './check-blocks.ts';
import { findPyxis } from './containers/pyxis-container.ts';
import { pyxisWords } from './containers/restricted-options.ts';
import { findHeader, headerLines, lateDirectives, readDirectiveLine } from './check-directives.ts';
import { shapeProblems } from './check-file.ts';
import { throwFirst } from './errors.ts';
import { defaultProblems, findImageName, renderTemplate, type ParsedTemplate } from './render.ts';
import { lexScript } from './shell/lex-script.ts';
import type { LexedScript } from './shell/lexed-script.ts';
import { positionAt, type Range, type TemplateSource } from './source.ts';
import { findSites } from './taint/find-occurrences.ts';
import type { AgentPlace, Template } from './template.ts';

/**
 * Pure.
 * @param text the template, as it stands in its file
 * @param file its name, for messages
 * @throws TemplateProblem with line, column, what was found, and what to write instead
 */
export function parseTemplate(text: string, file: string): Template {
  const source = { file, text };
  throwFirst(shapeProblems(source));
  const header = findHeader(text);
  const words = headerLines(source, header).flatMap((line) => readDirectiveLine(source, line));
  const script = lexScript(source);
  throwFirst(lateDirectives(source, header, script.comments));
  const blocks = placeBlocks(source, script, header);
  const form = findPyxis(text, words, script);
  const { sites } = findSites(source, script);
  const parsed: ParsedTemplate = {
    source,
    words,
    sites,
    documents: script.documents,
    openNames: script.openNames,
    blocks,
    pyxis: form,
    pyxisWords: pyxisWords(words, script.commands),
  };
  throwFirst(defaultProblems(parsed));
  return {
    file,
    agent: agentPlace(source, script, blocks.CLEARML_AGENT_EXECUTE),
    pyxis: form === undefined ? undefined : { form, imageName: (variables) => findImageName(parsed, variables) },
    render: (variables, insertions, additions) => renderTemplate(parsed, variables, insertions, additions),
  };
}

function agentPlace(source: TemplateSource, { commands }: LexedScript, { start, end }: Range): AgentPlace {
  const command = commands.find(({ words }) => words.at(-1)?.start === start && words.at(-1)?.end === end);
  return {
    file: source.file,
    ...positionAt(source.text, start),
    command: command?.words.slice(0, -1).map(({ text }) => text) ?? [],
  };
}

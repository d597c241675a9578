// Where a value would be read a second time, as code, as a variable's name or as arithmetic: those stretches, and why.
import { isInside, type Range } from '../source.ts';
import { codeWords, inputReader, nameWords, type CodeRange } from './code-words.ts';
import { declarations, declaredNames } from './declarations.ts';
import type { Command, LexedScript, Site } from './lexed-script.ts';
import type { Place } from './place.ts';
import { SCRIPT_FILE, SCRIPT_START } from './second-reading-table.ts';

/** A stretch in which every blank, however it is nested and quoted, stands in this place. */
interface SecondReading extends Range {
  readonly place: Place;
}

/** Positional parameters: with them a function hands its own words on to what its body runs. */
const PARAMETERS = /\$(?:[@*1-9]|\{[@*1-9])/;

/** The place of each blank once its surroundings are known. Arithmetic is the narrowest, so it wins. */
export function placeSites(script: LexedScript, text: string): Site[] {
  const readings = secondReadings(script, text);
  return script.sites.map((site) => {
    const around = readings.filter((reading) => isInside(site.blank, reading));
    const reading = around.find(({ place }) => place.kind === 'number') ?? around[0];
    return reading === undefined ? site : { blank: site.blank, place: reading.place };
  });
}

function secondReadings(script: LexedScript, text: string): SecondReading[] {
  const names = declaredNames(script.commands, text);
  const code = [
    ...script.commands.flatMap((command) => codeOfCommand(command, script, text)),
    ...codeOfInput(script, text),
    ...scriptFiles(script, text),
  ];
  return [
    ...script.arithmetic.map(({ start, end, where }): SecondReading => ({
      start,
      end,
      place: { kind: 'number', where },
    })),
    ...script.commands.flatMap((command) => declarations(command, names, text)),
    ...code
      .flatMap((range) => withDocuments(range, script))
      .map(({ start, end, by }): SecondReading => ({ start, end, place: { kind: 'read again', by } })),
  ];
}

function codeOfCommand(command: Command, script: LexedScript, text: string): CodeRange[] {
  const ranges = [...codeWords(command, text), ...nameWords(command)];
  const [first] = command.words;
  if (first === undefined) return ranges;
  if (script.sites.some(({ blank }) => isInside(blank, first))) {
    ranges.push({ start: first.start, end: command.end, by: 'a command whose name is a value' });
  }
  const body = script.functions.find(({ name }) => name === first.text)?.body;
  if (body !== undefined && handsWordsOn(body, script, text)) {
    ranges.push({ start: first.start, end: command.end, by: `the function ${first.text}` });
  }
  return ranges;
}

/** Whether a function's body passes its parameters to something that reads them as code. */
function handsWordsOn(body: Range, script: LexedScript, text: string): boolean {
  return script.commands
    .filter((command) => isInside(command, body))
    .flatMap((command) => codeWords(command, text))
    .some(({ start, end }) => PARAMETERS.test(text.slice(start, end)));
}

/** What is fed to a program that reads its standard input as code: by a pipe, a redirection, or `<(…)` as its script. */
function codeOfInput(script: LexedScript, text: string): CodeRange[] {
  const readers = script.commands.flatMap((command) => {
    const by = inputReader(command, text) ?? functionReader(command, script, text);
    return by === undefined ? [] : [{ command, by }];
  });
  return readers.flatMap(({ command, by }) => {
    const fed: Range[] = script.pipelines.flatMap(({ start, elements }) => {
      const element = elements.find((candidate) => isInside(command, candidate));
      return element === undefined ? [] : [{ start, end: element.start }];
    });
    for (const around of [command, ...script.compounds.filter((compound) => isInside(command, compound))]) {
      fed.push(...redirectedInputs(around, script));
    }
    for (const substitution of script.processSubstitutions) {
      const isOutput = text[substitution.start] === '>' && isInside(command, substitution);
      if (isInside(substitution, command)) fed.push(substitution);
      if (isOutput) fed.push(...ownersOf(substitution, script).slice(0, 1));
    }
    return fed.map(({ start, end }) => ({ start, end, by }));
  });
}

function functionReader(command: Command, script: LexedScript, text: string): string | undefined {
  const [first] = command.words;
  const body = script.functions.find(({ name }) => name === first?.text)?.body;
  if (body === undefined) return undefined;
  return script.commands
    .filter((candidate) => isInside(candidate, body))
    .map((candidate) => inputReader(candidate, text))
    .find((by) => by !== undefined);
}

/** Here-documents and here-strings that belong to this command itself, not to one inside of it. */
function redirectedInputs(owner: Range, script: LexedScript): Range[] {
  const isOwn = (at: number): boolean => ownersOf({ start: at, end: at }, script)[0] === owner;
  return [
    ...script.documents.filter(({ operatorAt }) => isOwn(operatorAt)).map(({ body }) => body),
    ...script.redirections.filter(({ start, operator }) => operator.startsWith('<') && isOwn(start)),
  ];
}

/** The commands around a place, the innermost first. */
function ownersOf(place: Range, script: LexedScript): Range[] {
  return [...script.commands, ...script.compounds]
    .filter((command) => isInside(place, command) && command !== place)
    .sort((a, b) => a.end - a.start - (b.end - b.start));
}

/** A document that begins like a script, or a command whose output goes to a file named like one. */
function scriptFiles(script: LexedScript, text: string): CodeRange[] {
  const documents = script.documents
    .filter(({ body }) => SCRIPT_START.test(text.slice(body.start, body.end)))
    .map(({ body }) => ({ ...body, by: 'whoever runs the script that this here-document is' }));
  const files = script.redirections
    .filter(({ operator, target }) => operator.includes('>') && SCRIPT_FILE.test(target.text))
    .flatMap((redirection) =>
      ownersOf(redirection, script)
        .slice(0, 1)
        .map(({ start, end }) => ({ start, end, by: `whoever runs ${redirection.target.text}` })),
    );
  return [...documents, ...files];
}

/** The stretch, and the text of each here-document that is announced in it. */
function withDocuments({ start, end, by }: CodeRange, script: LexedScript): CodeRange[] {
  const bodies = script.documents
    .filter(({ operatorAt }) => operatorAt >= start && operatorAt < end)
    .map(({ body }) => ({ ...body, by }));
  return [{ start, end, by }, ...bodies];
}
